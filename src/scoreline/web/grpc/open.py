"""The listener, which is made before grpcio is there."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from scoreline.web.grpc.address import Address
from scoreline.web.service import Listener, Service


def open_grpc(address: Address) -> Listener:
    """Return the listener that speaks gRPC on ``address``."""

    def listener(service: Service) -> AbstractAsyncContextManager[None]:
        from scoreline.web.grpc.server import listening

        return listening(service, address)

    return listener
