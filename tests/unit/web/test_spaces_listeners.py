"""Two spaces with the same names, asked beside HTTP: over gRPC and Thrift."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import grpc
import pytest
from tests.artifacts import tiny_artifact
from tests.unit.web.test_thrift import World as Thrift
from tests.unit.web.test_thrift import floats, login, score

from scoreline.app.settings import App, Settings, open_app
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.grpc import grpc_listener
from scoreline.web.grpc.messages import SERVICE, Messages
from scoreline.web.server import background, bind

HIDDEN = "hidden-deployment"
MARKS = re.compile(rb"hidden-model|hidden_target")


class World(NamedTuple):
    app: App
    keys: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("spaces")
    file = folder / "one.scoreline"
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        app.security.create_space("team")
        for registry, weight in ((app.registry, 0.001), (app.registry_in("team"), 0.9)):
            tiny_artifact(file, weight=weight)
            registry.register(file)
            registry.deploy("credit", "credit")
        tiny_artifact(file, name="hidden-model", target="hidden_target")
        app.registry.register(file)
        app.registry.deploy(HIDDEN, "hidden-model")
        keys = {
            space: app.security.create_key("admin", space=space, role="admin").secret for space in ("default", "team")
        }
        yield World(app, keys)


class Grpc:
    """A caller with the messages of the service."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self.methods = Messages().methods

    def ask(self, method: str, key: str, **fields: Any) -> tuple[grpc.StatusCode, bytes, Any]:
        """Return the status, all that was said, and the answer."""
        made = self.methods[method]
        call = self._channel.unary_unary(
            f"/{SERVICE}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=made.response.FromString,
        )
        try:
            answer = call(made.request(**fields), timeout=20, metadata=(("x-api-key", key),))
        except grpc.RpcError as error:
            return error.code(), (error.details() or "").encode(), None
        return grpc.StatusCode.OK, answer.SerializeToString(), answer


@pytest.fixture(scope="module")
def over_grpc(world: World) -> Iterator[Grpc]:
    listening = bind(port=0)
    address, listener = "{}:{}".format(*listening.getsockname()), grpc_listener(listening)
    web = create_app(world.app.registry, gate=KeyGate(world.app.security), control=world.app, listeners=[listener])
    with background(web, bind(port=0)), grpc.insecure_channel(address) as channel:
        yield Grpc(channel)


def _name(world: World, by: str) -> str:
    return HIDDEN if by == "name" else world.app.registry.deployment(HIDDEN).id


@pytest.mark.parametrize("by", ["name", "id"])
def test_no_method_of_grpc_shows_or_changes_what_is_another_spaces(world: World, over_grpc: Grpc, by: str) -> None:
    name = _name(world, by)
    before = (world.app.registry.models(), world.app.registry.deployments())
    for method, made in over_grpc.methods.items():
        fields = {field.name: name for field in made.request.DESCRIPTOR.fields if field.name in ("name", "model_name")}
        status, told, answer = over_grpc.ask(method, world.keys["team"], **fields)
        assert not MARKS.search(told), method
        assert HIDDEN.encode() not in told.replace(name.encode(), b""), method
        if fields:
            ready = getattr(answer, "ready", None)
            assert status is not grpc.StatusCode.OK or ready is False, (method, status, told)
    assert (world.app.registry.models(), world.app.registry.deployments()) == before


def test_grpc_lists_and_scores_within_the_callers_space(world: World, over_grpc: Grpc) -> None:
    tensors = [
        {"name": "age", "datatype": "FP64", "shape": [1], "contents": {"fp64_contents": [42.0]}},
        {"name": "amount", "datatype": "FP64", "shape": [1], "contents": {"fp64_contents": [1500.5]}},
        {"name": "purpose", "datatype": "BYTES", "shape": [1], "contents": {"bytes_contents": [b"radio"]}},
    ]
    names, scores = {}, {}
    for space, key in world.keys.items():
        _, _, index = over_grpc.ask("RepositoryIndex", key)
        names[space] = {model.name for model in index.models}
        status, told, answer = over_grpc.ask("ModelInfer", key, model_name="credit", inputs=tensors)
        assert status is grpc.StatusCode.OK, told
        scores[space] = answer.SerializeToString()
    assert names == {"default": {"credit", HIDDEN, "hidden-model"}, "team": {"credit"}}
    assert scores["default"] != scores["team"]


def test_thrift_asks_within_the_callers_space(world: World) -> None:
    with Thrift(world.app, gate=KeyGate(world.app.security)) as server:
        scores = {}
        for space, key in world.keys.items():
            _, own = server.ask(login(key), score(method="credit:score"))
            scores[space] = floats(own)
        assert scores["default"] != scores["team"]
        for name in (HIDDEN, _name(world, "id")):
            _, told = server.ask(login(world.keys["team"]), score(method=f"{name}:score"))
            assert b"no deployment is named" in told
            assert not MARKS.search(told)
