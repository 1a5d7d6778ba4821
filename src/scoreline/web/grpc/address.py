"""Where gRPC is spoken: an address that all workers listen on."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from scoreline.core.errors import BadSetting, Conflict, MissingExtra

PACKAGES = ("grpc", "grpc_health", "grpc_reflection")


class Address(NamedTuple):
    """Host and port, and the files that TLS needs; without them it is not spoken."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def need_grpc() -> None:
    """Raise MissingExtra unless the packages that speak gRPC are there. Imports none of them."""
    if any(find_spec(package) is None for package in PACKAGES):
        raise MissingExtra("gRPC needs packages that are not installed", hint="pip install 'scoreline[grpc]'")


@contextmanager
def hold_address(address: Address) -> Iterator[Address]:
    """Keep an address for the workers, each of which listens on it for itself; give it with its port.

    The socket that holds it does not listen, so no caller waits there. It is bound as nobody else's may be, and only
    then open to the workers'. Raises Conflict when the port is taken, BadSetting when the address cannot be bound.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise BadSetting("gRPC needs a system where processes may share a port", hint="Linux and macOS are such")
    family, kind, protocol, _, place = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind(place)
        except OSError as error:
            raise _refusal(address, error) from None
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        yield address._replace(port=held.getsockname()[1])


def _refusal(address: Address, error: OSError) -> Conflict | BadSetting:
    if error.errno == errno.EADDRINUSE:
        hint = "stop it, or choose another with --grpc-port"
        return Conflict(f"port {address.port} of {address.host} is taken by another program", hint=hint)
    return BadSetting(f"cannot listen on {address}: {os.strerror(error.errno or 0)}", hint="choose another --grpc-port")
