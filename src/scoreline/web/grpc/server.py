"""The gRPC server of a worker, in the worker's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import grpc
import grpc.aio
from grpc_reflection.v1alpha import reflection

from scoreline.core.errors import ScorelineError, Unavailable
from scoreline.serving.errors import grpc_code
from scoreline.web.endpoint import log_failure
from scoreline.web.grpc.address import Address
from scoreline.web.grpc.exchange import Exchange, Metadata
from scoreline.web.grpc.health import HEALTH_SERVICE, health_handlers
from scoreline.web.grpc.messages import SERVICE, Messages
from scoreline.web.grpc.methods import Methods
from scoreline.web.grpc.tls import credentials
from scoreline.web.server import DRAIN_SECONDS
from scoreline.web.service import Service

LONGEST_DETAILS_BYTES = 2000
"""Of what is told of an error: it travels in a header, of which callers take 8 KB, and grows there by up to three."""
LOOK_SECONDS = 0.25
"""How often it is looked whether the server was asked to stop."""


@asynccontextmanager
async def listening(service: Service, address: Address) -> AsyncIterator[None]:
    """Answer on ``address``; on leaving, finish what was accepted. Raises Unavailable when nobody can listen there."""
    messages = Messages()
    most = service.admission.body_bytes
    server = grpc.aio.server(
        options=[
            ("grpc.so_reuseport", 1),
            ("grpc.max_receive_message_length", most),
            ("grpc.max_send_message_length", -1),
        ]
    )
    server.add_generic_rpc_handlers((_handlers(service, messages), health_handlers(service)))
    reflection.enable_server_reflection((SERVICE, HEALTH_SERVICE, reflection.SERVICE_NAME), server, messages.pool)
    try:
        _listen(server, address)
    except RuntimeError:
        raise Unavailable(f"gRPC cannot listen on {address}", hint="choose another --grpc-port") from None
    await server.start()
    stopping = asyncio.create_task(_stop_when_asked(service, server))
    try:
        yield
    finally:
        stopping.cancel()
        with suppress(asyncio.CancelledError):
            await stopping
        await server.stop(DRAIN_SECONDS)


async def _stop_when_asked(service: Service, server: Any) -> None:
    """Accept no more once the worker is asked to end, which is long before its application ends."""
    while service.watch.server is None or not service.watch.server.should_exit:
        await asyncio.sleep(LOOK_SECONDS)
    await server.stop(DRAIN_SECONDS)


def _listen(server: Any, address: Address) -> None:
    if address.certificate is not None and address.key is not None:
        server.add_secure_port(str(address), credentials(address.certificate, address.key))
    else:
        server.add_insecure_port(str(address))


def _handlers(service: Service, messages: Messages) -> Any:
    methods = Methods(service, messages)
    handlers = {name: grpc.unary_unary_rpc_method_handler(_handler(service, methods, name)) for name in methods.table}
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def _handler(service: Service, methods: Methods, name: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
    path, needs, watch, gate = f"/{SERVICE}/{name}", methods.table[name].needs, service.watch, service.gate

    async def handle(data: bytes, context: Any) -> bytes:
        exchange = Exchange(path, context)
        if watch.tracing is not None:
            scope = exchange.scope()
            exchange.span = watch.begin_scope(scope, exchange.started_at)
            exchange.trace = scope["headers"][0][1].decode()
        watch.n_in_flight += 1
        error: ScorelineError | None = None
        gone = True
        answer = b""
        try:
            if needs != "nothing":
                space = exchange.space.decode("latin-1")
                exchange.access = await gate.identify(exchange.credential, needs, space=space, origin=exchange.caller)
            answer = await methods.call(name, data, exchange)
            gone = False
        except ScorelineError as refused:
            error, gone = refused, False
        except Exception as failure:
            error, gone = log_failure(failure, exchange.request_id), False
        finally:
            watch.n_in_flight -= 1
            watch.ended(exchange.ended(error, gone=gone), exchange.span)
        if error is not None:
            code = grpc.StatusCode[grpc_code(error)]
            await context.abort(code, _details(error), (*exchange.told(), *_about(error)))
        context.set_trailing_metadata(exchange.told())
        return answer

    return handle


def _about(error: ScorelineError) -> Metadata:
    """Return the metadata of an error: its name and, where it may be otherwise then, when to come again."""
    name = ("x-scoreline-error", error.code)
    if error.kind != "unavailable":
        return (name,)
    return (name, ("grpc-retry-pushback-ms", str(1000 * getattr(error, "retry_seconds", 1))))


def _details(error: ScorelineError) -> str:
    encoded = str(error).encode()
    if len(encoded) <= LONGEST_DETAILS_BYTES:
        return str(error)
    return encoded[:LONGEST_DETAILS_BYTES].decode(errors="ignore") + "…"
