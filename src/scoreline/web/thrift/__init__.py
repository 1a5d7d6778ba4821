"""Thrift over TCP, in a worker's event loop."""

from scoreline.web.thrift.address import ThriftAddress, thrift_address
from scoreline.web.thrift.listener import thrift_listener

__all__ = ["ThriftAddress", "thrift_address", "thrift_listener"]
