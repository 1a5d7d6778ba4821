"""The way in for connections that speak HTTP/2, on whichever port."""

from __future__ import annotations

import asyncio
from collections.abc import MutableSet
from typing import TYPE_CHECKING, Any

from scoreline.web.fastlane.connections import Connections

if TYPE_CHECKING:
    from scoreline.web.grpc.site import Grpc
    from scoreline.web.service import Service


class Door:
    """Makes the protocols of connections. All of a worker share what answers them."""

    def __init__(self) -> None:
        self._grpc: Grpc | None = None
        self._watched = Connections()

    def connect(self, service: Service, loop: asyncio.AbstractEventLoop, others: MutableSet[Any]) -> asyncio.Protocol:
        """Return the protocol of a connection, which is one of ``others`` as long as it is there.

        The first one takes protobuf and the messages into the worker, which has them no sooner.
        """
        from scoreline.web.grpc.site import Grpc
        from scoreline.web.http2.patience import PatientConnection

        if self._grpc is None:
            self._grpc = Grpc(service, loop)
        return PatientConnection(self._grpc, service.admission, loop, self._watched, others)
