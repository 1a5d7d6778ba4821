"""Where a server answers beside HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    """Keep the addresses that are asked for until the server ends. Raises MissingExtra, Conflict, BadSetting.

    Both speak TLS, and nothing else, where there is a certificate.
    """
    beside = Beside([], {})
    with ExitStack() as held:
        if grpc_port is not None:
            from scoreline.web.grpc import Address, hold_address, need_grpc, open_grpc

            need_grpc()
            port = values.port_number(grpc_port, "--grpc-port")
            address = held.enter_context(hold_address(Address(host, port, certificate, key)))
            beside.listeners.append(open_grpc(address))
            beside.addresses["grpc"] = str(address)
        if thrift_port is not None:
            from scoreline.web.secure import Certificate
            from scoreline.web.thrift import thrift_address

            port = values.port_number(thrift_port, "--thrift-port")
            own = None if certificate is None or key is None else Certificate(certificate, key)
            thrift = held.enter_context(thrift_address(host, port, n_workers, own))
            beside.listeners.append(thrift.listen)
            beside.addresses["thrift"] = str(thrift)
        yield beside
