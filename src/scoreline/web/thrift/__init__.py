"""Thrift over TCP, in a worker's event loop."""

from scoreline.web.thrift.listener import thrift_listener

__all__ = ["thrift_listener"]
