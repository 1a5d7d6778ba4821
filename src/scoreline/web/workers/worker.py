"""The life of a worker: it serves until it is asked to stop, or until nobody is there to ask."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import FrameType
from typing import NamedTuple

from starlette.types import ASGIApp
from uvicorn.loops.auto import auto_loop_factory

from scoreline.web.fastlane import choose_protocol
from scoreline.web.logs import log_as
from scoreline.web.secure import Secure
from scoreline.web.server import DRAIN_SECONDS, Server
from scoreline.web.workers.balance import Balance
from scoreline.web.workers.child import Voice
from scoreline.web.workers.share import Door, SecureDoor, Share
from scoreline.web.workers.signals import Lifeline

LATE_SECONDS = 5.0
"""What ending may take after DRAIN_SECONDS."""


class Worker(NamedTuple):
    """Which worker this process is."""

    slot: int
    """Its number, 0 to n - 1, which the one that replaces it takes over. While one drains, two may have the same."""
    id: str
    """Its name, which no other process has or had."""

    @classmethod
    def here(cls, slot: int = 0) -> Worker:
        """Name this process."""
        return cls(slot, f"w{slot}-{os.getpid()}-{secrets.token_hex(4)}")


Application = Callable[[Worker], AbstractContextManager[ASGIApp]]
"""Opens what a worker needs and gives its web application. Called in each worker, after the fork: no connection to a
database, thread or session of ONNX Runtime can be carried across one."""


def preload() -> None:
    """Load what uvicorn itself loads only when it starts: done before the fork, every worker has it."""
    importlib.import_module("uvicorn.lifespan.on")
    auto_loop_factory()


def work(
    application: Application,
    slot: int,
    listening: socket.socket,
    voice: Voice,
    lifeline: Lifeline,
    beat_seconds: float,
    balance: Balance | None,
    secure: Secure | None = None,
) -> None:
    """Serve as worker ``slot`` until SIGTERM, or until the supervisor is gone; then finish what was accepted."""
    log_as(slot)
    lifeline.watch(_end_alone)
    with application(Worker.here(slot)) as app:
        server = _WorkerServer(app, slot, listening, voice, beat_seconds, balance, secure)
        signal.signal(signal.SIGTERM, server.handle_exit)
        if secure is not None:
            signal.signal(signal.SIGHUP, server.renew)
        server.serve_here()


def _end_alone() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(DRAIN_SECONDS + LATE_SECONDS)
    os._exit(1)


class _WorkerServer(Server):
    def __init__(
        self,
        app: ASGIApp,
        slot: int,
        listening: socket.socket,
        voice: Voice,
        beat_seconds: float,
        balance: Balance | None,
        secure: Secure | None,
    ) -> None:
        super().__init__(app, listening, secure=secure, protocol=choose_protocol if balance is None else self._door)
        self._voice = voice
        self._beat_seconds = beat_seconds
        tls = None if secure is None else secure.certificate.context
        self._share = None if balance is None else Share(balance, slot, self.server_state, tls)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._beat(asyncio.get_running_loop())
        await super().startup(sockets)
        if self._share is not None:
            self._share.open(self._make)
        self._voice.ready()

    async def on_tick(self, counter: int) -> bool:
        if self._share is not None:
            self._share.tell()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._share is not None:
            await self._share.close(self._make)
        await super().shutdown(sockets)

    def _door(self, *_: object, **__: object) -> asyncio.Protocol:
        return self._make() if self._share is None else Door(self._share, self._make)

    async def listen_securely(self, secure: Secure) -> asyncio.Server:
        if (share := self._share) is None:
            return await super().listen_securely(secure)
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: SecureDoor(share, self._make), sock=secure.listening, backlog=self.config.backlog
        )

    def _make(self) -> asyncio.Protocol:
        return choose_protocol(self.config, self.server_state, self.lifespan.state)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._voice.beat()
        loop.call_later(self._beat_seconds, self._beat, loop)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals as they are: ``work`` has set them for the whole life of the worker."""
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._voice.leaving()
        super().handle_exit(sig, frame)
