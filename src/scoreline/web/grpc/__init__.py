"""gRPC over HTTP/2, in a worker's event loop. What it takes to speak it is imported with the first connection."""

from scoreline.web.grpc.door import Door
from scoreline.web.grpc.listener import GRPC_PROTOCOLS, grpc_listener

__all__ = ["GRPC_PROTOCOLS", "Door", "grpc_listener"]
