from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import msgspec
import pytest
from starlette.types import ASGIApp
from tests.artifacts import tiny_artifact
from tests.keys import Keys

from scoreline.app.settings import Settings, open_app
from scoreline.core.access import ROLES
from scoreline.core.schema import Column, Schema
from scoreline.scoring.pipeline import ScoringPipeline, load
from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.gate import Gate, KeyGate, OpenGate
from scoreline.web.grpc import grpc_listener
from scoreline.web.server import background, bind
from scoreline.web.thrift import thrift_listener

MAX_BODY_BYTES = 300_000
CHANGING = {"date", "x-ms-run-fn-exec-ms"}
"""Headers that are never twice the same."""


class BothWays(httpx.BaseTransport):
    """Sends each request down the fast lane and through ASGI, and gives the answer only if they are the same."""

    def __init__(self, fast_lane: str, asgi: str) -> None:
        self._ways = [(httpx.URL(url), httpx.HTTPTransport()) for url in (fast_lane, asgi)]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        answers = []
        for url, transport in self._ways:
            headers = [pair for pair in request.headers.raw if pair[0].lower() != b"host"]
            address = request.url.copy_with(host=url.host, port=url.port)
            parts = iter([body[: len(body) // 2], body[len(body) // 2 :]])
            content = parts if "transfer-encoding" in request.headers else body
            answer = transport.handle_request(httpx.Request(request.method, address, headers=headers, content=content))
            answer.read()
            answers.append(answer)
        assert _essence(answers[0]) == _essence(answers[1])
        return answers[0]

    def close(self) -> None:
        for _, transport in self._ways:
            transport.close()


def _essence(answer: httpx.Response) -> tuple[int, list[str], dict[str, str], bytes]:
    """Status, names of headers in order, headers, body: without the date, and without ids that were made up."""
    made_up = rb"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])"
    headers = {
        name: re.sub(made_up.decode(), "ID", value) for name, value in answer.headers.items() if name not in CHANGING
    }
    headers.pop("content-length" if "ID" in headers.values() else "", None)
    return answer.status_code, list(headers), headers, re.sub(made_up, b"ID", answer.content)


class World:
    """A server with four deployments, asked both ways, and the scoring pipelines behind them."""

    def __init__(
        self,
        http: httpx.Client,
        pipelines: dict[str, ScoringPipeline],
        grpc_address: str,
        thrift_address: tuple[str, int],
    ) -> None:
        self.http = http
        self.pipelines = pipelines
        self.grpc_address = grpc_address
        self.thrift_address = thrift_address


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from _world(tmp_path_factory.mktemp("protocols"), OpenGate, OpenGate)


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same, for who has a key: one of each role, and two that are for something else."""
    keys = Keys()
    for role in ROLES:
        keys.key(f"sl_{role}", role)
    keys.key("sl_price", deployments=frozenset({"price"}))
    keys.key("sl_other", "admin", space="other")
    make = partial(KeyGate, keys)
    yield from _world(tmp_path_factory.mktemp("guarded"), make, make)


def _world(folder: Path, *make_gate: Callable[[], Gate]) -> Iterator[World]:
    schema = Schema(
        columns=(
            Column(name="age", type="number", minimum=18.0, maximum=80.0, example=42),
            Column(name="months", type="number", integer=True, minimum=4.0, maximum=72.0, example=12),
            Column(name="owns", type="boolean", example=True),
            Column(name="purpose", type="category", levels=("car", "radio"), example="radio"),
            Column(name="note", type="text", example="late twice"),
        )
    )
    demanding = tuple(msgspec.structs.replace(column, required=column.name == "purpose") for column in schema.columns)
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        pipelines = {}
        for name, chosen, target, labels in (
            ("credit", schema, "risk", ("good", "bad")),
            ("cooling", schema, "cool_cond_y", (3, 20, 100)),
            ("price", schema, "price", ()),
            ("strict", Schema(columns=demanding), "risk", (False, True)),
        ):
            file = folder / f"{name}.scoreline"
            tiny_artifact(file, name=name, schema=chosen, target=target, labels=labels, weight=0.0123)
            app.registry.register(file)
            app.registry.deploy(name, name, default=name == "credit")
            pipelines[name] = load(file)
        limits = Limits(body_bytes=MAX_BODY_BYTES)
        gate, other_gate = (make() for make in make_gate)
        grpc, thrift = bind(port=0), bind(port=0)
        listeners = [grpc_listener(grpc), thrift_listener(thrift)]
        lane = create_app(app.registry, limits=limits, gate=gate, listeners=listeners)
        asgi = create_app(app.registry, limits=limits, gate=other_gate, fast_lane=False)
        grpc_address = "{}:{}".format(*grpc.getsockname())
        yield from _asked(lane, asgi, pipelines, grpc_address, thrift.getsockname())


def _asked(
    lane: ASGIApp,
    asgi: ASGIApp,
    pipelines: dict[str, ScoringPipeline],
    grpc_address: str,
    thrift_address: tuple[str, int],
) -> Iterator[World]:
    with (
        background(lane, bind(port=0)) as url,
        background(asgi, bind(port=0)) as other,
        httpx.Client(base_url=url, transport=BothWays(url, other)) as http,
    ):
        yield World(http, pipelines, grpc_address, thrift_address)
