"""JSON-RPC 2.0, with the methods of Driverless AI's HTTP service."""

from scoreline.serving.protocols.rpc.dialect import RPC
from scoreline.serving.protocols.rpc.methods import METHODS

__all__ = ["METHODS", "RPC"]
