"""The fast lane: scoring requests answered between the socket and the data plane, without ASGI."""

from scoreline.web.fastlane.choice import ADMISSION, LANE, choose_protocol
from scoreline.web.fastlane.lane import Lane

__all__ = ["ADMISSION", "LANE", "Lane", "choose_protocol"]
