"""Run the web application: bind, load, answer, and stop without dropping what was accepted."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from scoreline.core.errors import BadSetting, Conflict, ScorelineError, Unavailable
from scoreline.web.fastlane import choose_protocol
from scoreline.web.secure import HANDSHAKE_SECONDS, LOOK_SECONDS, Secure
from scoreline.web.watch import WATCH

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 9090
N_PORTS_TO_TRY = 100
BACKLOG = 2048
KEEP_ALIVE_SECONDS = 75
"""Longer than the idle time of usual load balancers (60), so that it is never the server that hangs up first."""
DRAIN_SECONDS = 30
"""How long requests in flight may take once the server was asked to stop."""


def bind(
    host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, *, next_free: bool = False, option: str = "--port"
) -> socket.socket:
    """Return a listening socket. With ``next_free`` a port that is taken gives way to the next one that is not.

    ``option`` is the one that asked for it. Raises Conflict when the port is taken, BadSetting when the address cannot
    be bound.
    """
    last = min(port + N_PORTS_TO_TRY, 65536) if next_free and port else port + 1
    for candidate in range(port, last):
        try:
            return _listen(host, candidate)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            reason = os.strerror(error.errno) if isinstance(error.errno, int) and error.errno > 0 else str(error)
            raise BadSetting(
                f"cannot listen on {host}:{candidate}: {reason}", hint=f"choose another --host or {option}"
            ) from None
    if last > port + 1:
        raise Conflict(f"ports {port} to {last - 1} of {host} are all taken", hint="name a free one with --port")
    or_auto = ", or let `--port auto` find a free one" if option == "--port" else ""
    raise Conflict(
        f"port {port} of {host} is taken by another program",
        hint=f"stop it, choose another with {option} {port + 1}{or_auto}",
    )


def url_of(listening: socket.socket, scheme: str = "http") -> str:
    """Return the address to type on this machine."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 names all interfaces, binds none
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def run(
    app: ASGIApp,
    listening: socket.socket,
    *,
    secure: Secure | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve ``app`` until SIGINT or SIGTERM, then finish the requests in flight and return.

    ``ready`` is called with the URL, in a thread of its own, once every model is loaded and requests are answered.
    Raises Unavailable when the application did not start.
    """
    Server(app, listening, ready, secure=secure).serve_here()


@contextlib.contextmanager
def background(app: ASGIApp, listening: socket.socket) -> Iterator[str]:
    """Serve ``app`` from a thread; gives the URL once it answers; on leaving, finishes what is in flight."""
    answering = threading.Event()
    server = Server(app, listening, lambda url: answering.set())
    failure: list[ScorelineError] = []

    def serve() -> None:
        try:
            server.serve_here()
        except ScorelineError as error:
            failure.append(error)
        finally:
            answering.set()

    thread = threading.Thread(target=serve, name="scoreline-server")
    thread.start()
    try:
        answering.wait()
        if failure:
            raise failure[0]
        yield url_of(listening)
    finally:
        server.should_exit = True
        thread.join()


class Server(uvicorn.Server):
    """uvicorn with our settings, on a socket that listens already."""

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        ready: Callable[[str], None] | None = None,
        *,
        secure: Secure | None = None,
        protocol: Callable[..., asyncio.Protocol] = choose_protocol,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,  # type: ignore[arg-type]  # uvicorn calls it, and asks no more of it
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # `proxies` reads them, on both ways
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )
        self._listening = listening
        self._url = url_of(listening)
        self._ready = ready
        self._secure = secure
        self._must_renew = False

    def serve_here(self) -> None:
        """Serve in this thread until ``should_exit``. Raises Unavailable when the application did not start."""
        try:
            self.run(sockets=[self._listening])
        except SystemExit:
            raise Unavailable("the server did not start", hint="the lines above say why") from None
        finally:
            self._listening.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._secure is not None and self.started:
            self.servers.append(await self.listen_securely(self._secure))
        if (watch := self.lifespan.state.get(WATCH)) is not None:
            watch.server = self
        if self._ready is not None:
            threading.Thread(target=self._ready, args=(self._url,), name="scoreline-ready", daemon=True).start()

    async def listen_securely(self, secure: Secure) -> asyncio.Server:
        """Accept connections that speak TLS."""

        def make() -> asyncio.Protocol:
            return choose_protocol(self.config, self.server_state, self.lifespan.state)

        return await asyncio.get_running_loop().create_server(
            make,
            sock=secure.listening,
            ssl=secure.certificate.context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            backlog=self.config.backlog,
        )

    def renew(self, *_: object) -> None:
        """Read the certificate again, in the next turn of the event loop: the handler of a signal."""
        self._must_renew = True

    async def on_tick(self, counter: int) -> bool:
        """Look for a renewed certificate from time to time. uvicorn calls this ten times a second."""
        if self._secure is not None and (self._must_renew or counter % int(10 * LOOK_SECONDS) == 0):
            anyway, self._must_renew = self._must_renew, False
            self._secure.certificate.refresh(anyway=anyway)
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn raises the signals again after it stopped; a server that stopped as asked has not failed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening
