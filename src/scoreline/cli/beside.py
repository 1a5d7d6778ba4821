"""Where a server answers beside HTTP."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scoreline.cli import values

if TYPE_CHECKING:
    from scoreline.web.service import Listener


class Beside(NamedTuple):
    """What answers there in each worker, and its address by what is spoken there."""

    listeners: list[Listener]
    addresses: dict[str, str]


@contextmanager
def open_beside(
    host: str,
    n_workers: int,
    *,
    grpc_port: str | None = None,
    thrift_port: str | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> Iterator[Beside]:
    """Keep the addresses that are asked for until the server ends. Raises Conflict, BadSetting.

    Both speak TLS, and nothing else, where there is a certificate.
    """
    if grpc_port is None and thrift_port is None:
        yield Beside([], {})
        return
    from scoreline.web.secure import Certificate
    from scoreline.web.shared_address import shared_address

    beside = Beside([], {})
    with ExitStack() as held:

        def listen(spoken: str, port: str, answering: Callable[[socket.socket], Listener]) -> None:
            option = f"--{spoken}-port"
            found = shared_address(host, values.port_number(port, option), n_workers, answering, option)
            address = held.enter_context(found)
            beside.listeners.append(address.listen)
            beside.addresses[spoken] = str(address)

        if grpc_port is not None:
            from scoreline.web.grpc import GRPC_PROTOCOLS, grpc_listener

            own = None if certificate is None or key is None else Certificate(certificate, key, GRPC_PROTOCOLS)
            listen("grpc", grpc_port, partial(grpc_listener, certificate=own))
        if thrift_port is not None:
            from scoreline.web.thrift import thrift_listener

            own = None if certificate is None or key is None else Certificate(certificate, key)
            listen("thrift", thrift_port, partial(thrift_listener, certificate=own))
        yield beside
