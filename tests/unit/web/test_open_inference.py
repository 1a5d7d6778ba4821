"""A server of the Open Inference Protocol: REST on both ways, and gRPC."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import httpx
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artifacts import tiny_artifact
from tests.keys import everybody
from tests.unit.web.conftest import two_models

from scoreline.app.settings import App
from scoreline.core.errors import ERRORS
from scoreline.serving.errors import grpc_code
from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.gate import Gate, KeyGate
from scoreline.web.grpc import grpc_listener
from scoreline.web.grpc.messages import HEALTH, SERVICE, Messages
from scoreline.web.grpc.proto import read_proto
from scoreline.web.server import background, bind

MOST_BYTES = 100_000


class Served(NamedTuple):
    """A server that answers over HTTP and over gRPC."""

    app: App
    http: httpx.Client
    channel: grpc.Channel
    messages: Messages

    def call(self, name: str, metadata: tuple[tuple[str, str], ...] = (), /, **said: Any) -> Any:
        method = self.messages.methods[name]
        ask = self.channel.unary_unary(
            f"/{SERVICE}/{name}", method.request.SerializeToString, method.response.FromString
        )
        return ask(method.request(**said), metadata=metadata)


@contextmanager
def serving(app: App, *, fast_lane: bool = True, gate: Gate | None = None) -> Iterator[Served]:
    listening = bind(port=0)
    limits, listeners = Limits(body_bytes=MOST_BYTES), [grpc_listener(listening)]
    application = create_app(
        app.registry, limits=limits, fast_lane=fast_lane, gate=gate or everybody(), control=app, listeners=listeners
    )
    with (
        background(application, bind(port=0)) as url,
        httpx.Client(base_url=url) as http,
        grpc.insecure_channel("{}:{}".format(*listening.getsockname())) as channel,
    ):
        yield Served(app, http, channel, Messages())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("open-inference")
    with two_models(folder) as app:
        for weight in (0.5, 0.7):
            tiny_artifact(folder / "spare.scoreline", name="spare", weight=weight)
            app.registry.register(folder / "spare.scoreline")
        with serving(app) as started:
            yield started


def states(index: list[dict[str, str]]) -> dict[str, tuple[str, str]]:
    return {model["name"]: (model["state"], model.get("reason", "")) for model in index}


def test_a_server_says_what_it_is_and_how(served: Served) -> None:
    http = served.http
    assert http.get("/v2").json()["extensions"] == ["binary_tensor_data", "model_repository"]
    assert http.get("/v2/health/live").json() == {"live": True}
    assert http.get("/v2/health/ready").json() == {"live": True, "ready": True}
    assert http.get("/v2/models").json() == {"models": ["credit", "price"]}
    assert served.call("ServerLive").live
    assert served.call("ServerReady").ready
    assert served.call("ServerMetadata").name == http.get("/v2").json()["name"]


def test_metadata_is_the_same_over_both(served: Served) -> None:
    told, message = served.http.get("/v2/models/credit").json(), served.call("ModelMetadata", name="credit")
    for kind in ("inputs", "outputs"):
        over_grpc = [(each.name, each.datatype, list(each.shape)) for each in getattr(message, kind)]
        assert over_grpc == [(each["name"], each["datatype"], each["shape"]) for each in told[kind]]
    assert message.platform == told["platform"]


def test_a_version_is_one_that_answers(served: Served) -> None:
    body = {"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [42]}]}
    assert served.http.get("/v2/models/credit/versions/1/ready").json() == {"name": "credit", "ready": True}
    assert served.http.post("/v2/models/credit/versions/1/infer", json=body).json()["model_version"] == "1"
    for path in ("", "/ready"):
        assert served.http.get("/v2/models/credit/versions/2" + path).status_code == 404
    refused = served.http.post("/v2/models/credit/versions/2/infer", json=body)
    assert refused.status_code == 404
    assert "those that do: 1" in refused.json()["error"]
    assert served.call("ModelReady", name="credit", version="1").ready
    assert not served.call("ModelReady", name="credit", version="2").ready
    assert not served.call("ModelReady", name="nobody").ready


def test_a_version_of_a_split_can_be_asked_for(tmp_path: Path) -> None:
    with two_models(tmp_path) as app:
        tiny_artifact(tmp_path / "credit.scoreline", name="credit", weight=0.5)
        app.registry.register(tmp_path / "credit.scoreline")
        app.registry.set_split("credit", {"2": 1.0})
        body = {"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [42]}]}
        for fast_lane in (True, False):
            with serving(app, fast_lane=fast_lane) as served:
                for version in ("1", "2") * 3:
                    answer = served.http.post(f"/v2/models/credit/versions/{version}/infer", json=body).json()
                    assert answer["model_version"] == version


def test_the_repository_is_the_registry(served: Served) -> None:
    def index() -> dict[str, tuple[str, str]]:
        over_http = states(served.http.post("/v2/repository/index").json())
        models = served.call("RepositoryIndex").models
        assert {model.name: (model.state, model.reason) for model in models} == over_http
        return over_http

    unloaded = index()
    assert unloaded == {"credit": ("READY", ""), "price": ("READY", ""), "spare": ("UNAVAILABLE", "unloaded")}
    assert set(states(served.http.post("/v2/repository/index", json={"ready": True}).json())) == {"credit", "price"}
    key = served.app.security.create_key("one", deployments=("spare",), role="scorer").secret
    served.call("RepositoryModelLoad", model_name="spare")
    assert index()["spare"] == ("READY", "")
    assert served.http.post("/v2/repository/models/spare/unload").status_code == 200
    assert index() == unloaded
    assert served.app.security.authenticate_secret(key).deployments == {"spare"}, "it may be loaded again"
    assert served.http.post("/v2/repository/models/nobody/load").status_code == 404
    with pytest.raises(grpc.RpcError) as refused:
        served.call("RepositoryModelUnload", model_name="spare")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


def test_loading_what_is_there_leaves_it_as_it_is(served: Served) -> None:
    served.app.registry.deploy("spare", "credit", "1")
    assert served.http.post("/v2/repository/models/spare/load").status_code == 200
    assert served.app.registry.deployment("spare").model == "credit"
    assert served.http.post("/v2/repository/models/spare/unload").status_code == 200
    assert [model.name for model in served.app.registry.models()] == ["credit", "price", "spare"]


def test_raw_values_are_answered_raw_and_typed_ones_typed(served: Served) -> None:
    tensors = [{"name": "age", "datatype": "FP64", "shape": [1]}]
    raw = served.call("ModelInfer", model_name="price", inputs=tensors, raw_input_contents=[struct.pack("<d", 42)])
    typed = [{**tensors[0], "contents": {"fp64_contents": [42]}}]
    told = served.call("ModelInfer", model_name="price", inputs=typed, id="mine")
    assert told.id == "mine"
    assert struct.unpack("<d", raw.raw_output_contents[0]) == tuple(told.outputs[0].contents.fp64_contents)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"inputs": []}, "`inputs` is empty"),
        ({"inputs": [{"name": "age", "datatype": "FP128", "shape": [1]}]}, "no datatype `FP128`"),
        ({"inputs": [{"name": "age", "datatype": "FP16", "shape": [1]}]}, "FP16 has no typed contents"),
        ({"inputs": [{"name": "age", "datatype": "FP64", "shape": [1]}]}, "has 1 values, its data 0"),
        ({"inputs": [], "raw_input_contents": [b"", b""]}, "2 entries for 0 inputs"),
        (
            {
                "inputs": [{"name": "age", "datatype": "FP64", "shape": [1], "contents": {"fp64_contents": [1]}}],
                "outputs": [{"name": "x"}],
            },
            "no output `x`",
        ),
    ],
)
def test_a_message_that_does_not_fit_is_told(served: Served, said: dict[str, Any], told: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        served.call("ModelInfer", model_name="credit", **said)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert told in refused.value.details()
    assert dict(refused.value.trailing_metadata())["x-scoreline-error"] == "bad_request"


def test_a_message_beyond_the_limit_is_refused_with_the_limit(served: Served) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        served.call("ModelInfer", model_name="credit", raw_input_contents=[bytes(MOST_BYTES)])
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(MOST_BYTES) in refused.value.details()


def test_an_error_that_is_longer_than_callers_read_is_cut(served: Served) -> None:
    name = "é" * 5000
    with pytest.raises(grpc.RpcError) as refused:
        served.call("ModelInfer", model_name=name)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert refused.value.details().endswith("é…")


@settings(deadline=None, max_examples=150)
@given(message=st.binary(max_size=60))
def test_whatever_the_message_nothing_is_our_fault(served: Served, message: bytes) -> None:
    ask = served.channel.unary_unary(f"/{SERVICE}/ModelInfer")
    with pytest.raises(grpc.RpcError) as refused:
        ask(b"\n\x06credit" + message)
    assert refused.value.code().name in ("INVALID_ARGUMENT", "NOT_FOUND")


def test_who_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    with two_models(tmp_path) as app:
        made = app.security.create_key("slow", role="viewer", rate=0.01)
        with serving(app, gate=KeyGate(app.security)) as served:
            metadata = (("x-api-key", made.secret),)
            ask = served.channel.unary_unary(f"/{SERVICE}/ServerMetadata")
            ask(b"", metadata=metadata)
            with pytest.raises(grpc.RpcError) as refused:
                ask(b"", metadata=metadata)
            with pytest.raises(grpc.RpcError) as stranger:
                ask(b"")
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert int(dict(refused.value.trailing_metadata())["grpc-retry-pushback-ms"]) > 1000
    assert stranger.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_key_for_one_deployment_sees_no_other(tmp_path: Path) -> None:
    with two_models(tmp_path) as app:
        made = app.security.create_key("one", role="scorer", deployments=["price"])
        tensors = [{"name": "age", "datatype": "FP64", "shape": [1], "contents": {"fp64_contents": [42]}}]
        with serving(app, gate=KeyGate(app.security)) as served:
            key = (("x-api-key", made.secret),)
            served.call("ModelInfer", key, model_name="price", inputs=tensors)
            assert [each.name for each in served.call("RepositoryIndex", key).models] == ["price"]
            for name, said in (
                ("ModelInfer", {"model_name": "credit", "inputs": tensors}),
                ("ModelMetadata", {"name": "credit"}),
            ):
                with pytest.raises(grpc.RpcError) as refused:
                    served.call(name, key, **said)
                assert refused.value.code() is grpc.StatusCode.NOT_FOUND
            with pytest.raises(grpc.RpcError) as refused:
                served.call("RepositoryModelUnload", key, model_name="credit")
            assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
            assert app.registry.deployment("credit").model == "credit"


def test_health_is_told_and_watched(served: Served) -> None:
    health = health_pb2_grpc.HealthStub(served.channel)
    for service in ("", SERVICE):
        answer = health.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as refused:
        health.Check(health_pb2.HealthCheckRequest(service="nobody"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    watched = health.Watch(health_pb2.HealthCheckRequest())
    assert next(watched).status == health_pb2.HealthCheckResponse.SERVING
    watched.cancel()


def test_reflection_tells_the_services_and_their_messages(served: Served) -> None:
    told = ProtoReflectionDescriptorDatabase(served.channel)
    assert {SERVICE, HEALTH} <= set(told.get_services())
    methods = DescriptorPool(told).FindServiceByName(SERVICE).methods_by_name
    assert set(methods) == set(served.messages.methods)
    assert methods["ModelInfer"].input_type.fields_by_name["raw_input_contents"].number == 7


def test_every_error_has_a_code_of_grpc() -> None:
    for error in ERRORS:
        assert grpc_code(error("x")) in grpc.StatusCode.__members__


PROTO = """
syntax = "proto3";
package made.up;  // a comment
message Outer {
  message Inner { repeated string names = 1; }
  oneof choice { bool yes = 1; Inner inner = 2; }
  map<string, Inner> by_name = 3;
}
service Ask { rpc Do(Outer) returns (Outer); }
"""


def test_the_text_of_a_proto_becomes_messages() -> None:
    pool = DescriptorPool()
    pool.AddSerializedFile(read_proto(PROTO, "made_up.proto").SerializeToString())
    outer = GetMessageClass(pool.FindMessageTypeByName("made.up.Outer"))
    message = outer(inner={"names": ["a"]}, by_name={"b": {"names": ["c", "d"]}})
    again = outer.FromString(message.SerializeToString())
    assert again.WhichOneof("choice") == "inner"
    assert list(again.by_name["b"].names) == ["c", "d"]
    assert pool.FindServiceByName("made.up.Ask").methods[0].output_type.name == "Outer"


@pytest.mark.parametrize(
    "text",
    ["", 'syntax = "proto2";', PROTO.replace("message Inner", "group Inner"), PROTO.replace("(Outer)", "(Nobody)")],
)
def test_what_is_no_proto_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|no message"):
        read_proto(text, "wrong.proto")
