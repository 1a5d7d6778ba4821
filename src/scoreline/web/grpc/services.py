"""The methods that do not score, as calls reach them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from google.protobuf.message import DecodeError

from scoreline.core.errors import BadRequest
from scoreline.web.grpc.call import Call
from scoreline.web.grpc.head import Target
from scoreline.web.grpc.health import HealthService
from scoreline.web.grpc.messages import HEALTH, REFLECTIONS, SERVICE, Messages, Method
from scoreline.web.grpc.methods import Methods
from scoreline.web.grpc.reflection import Reflection
from scoreline.web.large import LARGE_BODY_BYTES, large_bodies
from scoreline.web.service import Service

View = Callable[[Any, Call], Awaitable[Any]]
"""Is given a message; its answer is one, or None where it has written its answers itself."""


def service_targets(service: Service, messages: Messages) -> list[Target]:
    """Return the methods of all services but the one that scores."""
    methods, health = Methods(service, messages), HealthService(service, messages.methods_of(HEALTH))
    found = [
        _unary(SERVICE, name, served.needs, messages.methods[name], served.view)
        for name, served in methods.table.items()
    ]
    found += [_unary(HEALTH, name, "nothing", messages.methods_of(HEALTH)[name], view) for name, view in health.views]
    for name in REFLECTIONS:
        ((method, kinds),) = messages.methods_of(name).items()
        path = f"/{name}/{method}"
        found.append(Target(path, path, "nothing", Reflection(messages, kinds).ask, is_stream=True))
    return found


def _unary(service: str, name: str, needs: Any, method: Method, view: View) -> Target:
    path = f"/{service}/{name}"
    return Target(path, path, needs, partial(_ask, name, method, view))


def _ask(name: str, method: Method, view: View, call: Call, data: bytes) -> None:
    call.wait()
    call.task = call.stream.connection.loop.create_task(_answer(name, method, view, call, data))


async def _answer(name: str, method: Method, view: View, call: Call, data: bytes) -> None:
    try:
        answer = await view(await _read(name, method, data), call)
        if answer is not None and not call.is_done:
            call.respond(answer.SerializeToString())
    except Exception as error:
        call.refuse(error)
    finally:
        call.stream.connection.flush()


async def _read(name: str, method: Method, data: bytes) -> Any:
    try:
        if len(data) < LARGE_BODY_BYTES:
            return method.request.FromString(data)
        return await asyncio.get_running_loop().run_in_executor(large_bodies, method.request.FromString, data)
    except DecodeError as error:
        raise BadRequest(f"the message is no {name}Request: {error}", hint="see open_inference.proto") from None
