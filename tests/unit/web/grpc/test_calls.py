"""Calls of grpcio's clients, on the port of HTTP and on one of its own: deadlines, ends, sizes, packed messages."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import grpc
import httpx
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tests.unit.web.conftest import two_models

from scoreline.core.access import Access
from scoreline.serving.plane import Run
from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.gate import Known, OpenGate
from scoreline.web.gate.passes import Pass
from scoreline.web.grpc import grpc_listener
from scoreline.web.grpc.messages import HEALTH, SERVICE, SERVICES, Messages
from scoreline.web.server import background, bind

MB = 1024 * 1024
METHOD = Messages().methods["ModelInfer"]
INFER = f"/{SERVICE}/ModelInfer"


class Slow:
    """Takes its time with what has many rows."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.n_requests: list[int] = []

    def answered(self, run: Run) -> None:
        self.n_requests.append(len(run.asked))
        if len(run.rows) > 10_000:
            self.go_on.wait(20)


class Served(NamedTuple):
    """A server, and channels to it."""

    url: str
    channel: grpc.Channel
    """On the port of HTTP."""
    own: grpc.Channel
    """On the port of gRPC."""
    slow: Slow

    @property
    def infer(self) -> Any:
        return self.channel.unary_unary(INFER, METHOD.request.SerializeToString, METHOD.response.FromString)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    listening, slow = bind(port=0), Slow()
    with two_models(tmp_path_factory.mktemp("calls")) as app:
        limits = Limits(body_bytes=12 * MB, bodies_bytes=64 * MB)
        listeners = [grpc_listener(listening)]
        application = create_app(app.registry, limits=limits, control=app, listeners=listeners, watchers=[slow])
        with background(application, bind(port=0)) as url:
            options = [("grpc.max_receive_message_length", -1)]
            with (
                grpc.insecure_channel(url.removeprefix("http://"), options) as channel,
                grpc.insecure_channel("{}:{}".format(*listening.getsockname())) as own,
            ):
                yield Served(url, channel, own, slow)


def rows(n: int) -> Any:
    made = METHOD.request(model_name="credit")
    for name, number in (("age", 42.0), ("amount", 1500.5)):
        tensor = made.inputs.add(name=name, datatype="FP64", shape=[n])
        tensor.contents.fp64_contents.extend([number] * n)
    tensor = made.inputs.add(name="purpose", datatype="BYTES", shape=[n])
    tensor.contents.bytes_contents.extend([b"radio"] * n)
    return made


def test_the_port_of_http_speaks_both(served: Served) -> None:
    over_grpc = served.infer(rows(1)).outputs[0].contents.fp32_contents
    row = {"age": 42.0, "amount": 1500.5, "purpose": "radio"}
    found = httpx.post(f"{served.url}/api/v1/deployments/credit/score", json=row).json()
    assert list(over_grpc) == pytest.approx(list(found["predictions"][0]["probability"].values()), abs=1e-7)
    again = served.own.unary_unary(INFER, METHOD.request.SerializeToString, METHOD.response.FromString)(rows(1))
    assert again.outputs[0].contents.fp32_contents == over_grpc


@pytest.mark.parametrize("cut", [1, 3, 14, 20, 23])
def test_the_first_words_may_come_in_pieces(served: Served, cut: int) -> None:
    first = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    address = httpx.URL(served.url)
    with socket.create_connection((address.host, address.port), 10) as connected:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.sendall(first[:cut])
        httpx.get(f"{served.url}/health/live")  # the server has read it by then
        connected.sendall(first[cut:])
        assert connected.recv(5)[3] == 4
    with socket.create_connection((address.host, address.port), 10) as connected:
        connected.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
        connected.recv(10_000)
        connected.sendall(first)
        assert connected.recv(10_000).startswith(b"HTTP/1.1 400")


def test_a_thousand_calls_at_once_are_answered_and_scored_together(served: Served) -> None:
    served.slow.n_requests.clear()
    found = [served.infer.future(rows(1 + n % 3), timeout=60) for n in range(1000)]
    assert [answer.result().outputs[1].shape[0] for answer in found] == [1 + n % 3 for n in range(1000)]
    assert sum(served.slow.n_requests) == 1000
    assert max(served.slow.n_requests) > 1


def test_a_call_that_fails_fails_none_of_those_beside_it(served: Served) -> None:
    ask = served.channel.unary_unary(INFER)
    good, bad = rows(1).SerializeToString(), [b"\xff", b"\n\x06credit", b"\n\x06nobody", b""]
    asked = [(n, ask.future(good if n % 2 else bad[n // 2 % 4], timeout=60)) for n in range(200)]
    for n, answer in asked:
        if n % 2:
            assert METHOD.response.FromString(answer.result()).outputs
        else:
            assert answer.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)


def test_bodies_and_answers_of_megabytes_go_through_the_windows(served: Served) -> None:
    n = 300_000
    served.slow.go_on.set()
    found = served.infer(rows(n), timeout=60)
    served.slow.go_on.clear()
    assert rows(n).ByteSize() > 4 * MB
    assert len(found.outputs[1].contents.bytes_contents) == n


def test_a_message_beyond_the_limit_is_refused(served: Served) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        served.infer(rows(600_000), timeout=60)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "12 MB" in refused.value.details()


@pytest.mark.parametrize("n", [1, 5000])
def test_packed_messages_are_read(served: Served, n: int) -> None:
    found = served.infer(rows(n), compression=grpc.Compression.Gzip)
    assert found.outputs[1].shape == [n]


def test_what_unpacks_to_more_than_the_limit_is_refused(served: Served) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        served.infer(METHOD.request(raw_input_contents=[bytes(13 * MB)]), compression=grpc.Compression.Gzip)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_other_encodings_are_refused_by_name(served: Served) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        served.infer(rows(1), compression=grpc.Compression.Deflate)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "deflate" in refused.value.details()


def test_a_deadline_ends_a_call_that_takes_longer(served: Served) -> None:
    late = threading.Timer(1.0, served.slow.go_on.set)
    late.start()
    with pytest.raises(grpc.RpcError) as refused:
        served.infer(rows(20_000), timeout=0.2)
    assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    late.join()
    served.slow.go_on.clear()
    assert served.infer(rows(1)).outputs


def test_many_rows_in_few_bytes_keep_nobody_waiting(served: Served) -> None:
    made = METHOD.request(model_name="credit", raw_input_contents=[bytes(15_000)])
    made.inputs.add(name="age", datatype="BOOL", shape=[15_000])
    asked = served.infer.future(made, timeout=20)
    assert served.infer(rows(1), timeout=10).outputs
    served.slow.go_on.set()
    assert asked.result().outputs[1].shape == [15_000]
    served.slow.go_on.clear()


def test_a_call_may_be_given_up(served: Served) -> None:
    asked = served.infer.future(rows(20_000))
    assert served.infer(rows(1)).outputs
    asked.cancel()
    assert asked.code() is grpc.StatusCode.CANCELLED
    served.slow.go_on.set()
    assert served.infer(rows(20_000)).outputs
    served.slow.go_on.clear()
    metrics = httpx.get(f"{served.url}/metrics").text
    assert 'status="499"' in metrics


def test_metadata_goes_both_ways(served: Served) -> None:
    metadata = (
        ("x-request-id", "my-own"),
        ("some-bin", b"\0\xff"),
        ("traceparent", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"),
    )
    _, call = served.infer.with_call(rows(1), metadata=metadata)
    trailing = dict(call.trailing_metadata())
    assert trailing["x-request-id"] == "my-own"
    assert trailing["x-scoreline-version"] == "1"


def test_a_text_that_is_not_ascii_arrives(served: Served) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        served.infer(METHOD.request(model_name="größer 100 %\n"))
    assert "größer 100 %\n" in refused.value.details()


def test_a_method_that_is_not_there_is_unimplemented(served: Served) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        served.channel.unary_unary("/no.Service/Method")(b"")
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_health_is_watched_by_many_and_pings_keep_a_channel(served: Served) -> None:
    options = [("grpc.keepalive_time_ms", 50), ("grpc.keepalive_permit_without_calls", 1)]
    with grpc.insecure_channel(served.url.removeprefix("http://"), options) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        watched = [health.Watch(health_pb2.HealthCheckRequest(service=SERVICE)) for _ in range(20)]
        assert {next(each).status for each in watched} == {health_pb2.HealthCheckResponse.SERVING}
        for each in watched:
            each.cancel()
        assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_describes_every_service(served: Served, version: str) -> None:
    methods = Messages().methods_of(f"grpc.reflection.{version}.ServerReflection")["ServerReflectionInfo"]
    ask = served.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        methods.request.SerializeToString,
        methods.response.FromString,
    )
    asked = [
        {"list_services": ""},
        *({"file_containing_symbol": name} for name in SERVICES),
        {"file_by_filename": "health.proto"},
        {"file_by_filename": "nobody.proto"},
        {"file_containing_symbol": "nobody"},
        {"all_extension_numbers_of_type": "grpc.health.v1.HealthCheckRequest"},
        {"file_containing_extension": {"containing_type": "x"}},
    ]
    found = list(ask(iter([methods.request(**each) for each in asked])))
    assert {each.name for each in found[0].list_services_response.service} == set(SERVICES)
    told = [each.WhichOneof("message_response") for each in found[1:]]
    n = len(SERVICES) + 1
    assert told == ["file_descriptor_response"] * n + ["error_response"] * 2 + [
        "all_extension_numbers_response",
        "error_response",
    ]
    if version == "v1alpha":
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(served.channel))
        assert pool.FindServiceByName(HEALTH).methods_by_name["Watch"].server_streaming


class Keys(OpenGate):
    """A gate that finds out who calls once it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.n_asked = 0

    def known(self, credential: bytes, space: bytes) -> Known | None:
        return None

    def look_up(self, credential: bytes, space: bytes, origin: str, loop: Any) -> Any:
        self.n_asked += 1

        def find() -> Known:
            self.go_on.wait(20)
            return Pass(Access(kind="key", name="slow", grants={"default": frozenset({"view", "score"})}))

        return loop.run_in_executor(None, find)


def test_calls_wait_until_it_is_known_who_calls(tmp_path_factory: pytest.TempPathFactory) -> None:
    gate = Keys()
    with two_models(tmp_path_factory.mktemp("keys")) as app:
        application = create_app(app.registry, gate=gate, control=app)
        with (
            background(application, bind(port=0)) as url,
            grpc.insecure_channel(url.removeprefix("http://")) as channel,
        ):
            ask = channel.unary_unary(INFER, METHOD.request.SerializeToString, METHOD.response.FromString)
            with pytest.raises(grpc.RpcError) as refused:
                ask(rows(1), timeout=0.2)
            assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            with ThreadPoolExecutor(3) as threads:
                asked = [threads.submit(ask, rows(n), timeout=20) for n in (1, 2, 9000)]
                gate.go_on.set()
                assert [each.result().outputs[1].shape[0] for each in asked] == [1, 2, 9000]
            refused_edit = channel.unary_unary(f"/{SERVICE}/RepositoryModelUnload").future(b"", timeout=20)
            assert refused_edit.code() is grpc.StatusCode.PERMISSION_DENIED


def test_http_2_that_is_not_grpc_is_told_what_is(served: Served) -> None:
    import h2.connection
    import h2.events

    address = httpx.URL(served.url)
    peer = h2.connection.H2Connection()
    peer.initiate_connection()
    peer.send_headers(
        1, [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "x")], end_stream=True
    )
    events: list[Any] = []
    with socket.create_connection((address.host, address.port), 10) as connected:
        connected.sendall(peer.data_to_send())
        while not any(isinstance(event, h2.events.StreamEnded) for event in events):
            events += peer.receive_data(connected.recv(65_536))
            connected.sendall(peer.data_to_send())
    headers = dict(next(event.headers for event in events if isinstance(event, h2.events.ResponseReceived)))
    assert headers[b":status"] == b"415"
    body = b"".join(event.data for event in events if isinstance(event, h2.events.DataReceived))
    assert b"application/grpc" in body


def test_a_message_in_many_pieces_is_one(served: Served) -> None:
    import h2.connection
    import h2.events

    address, packed = httpx.URL(served.url), gzip.compress(rows(1).SerializeToString())
    peer = h2.connection.H2Connection()
    peer.initiate_connection()
    head = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", INFER),
        (":authority", "x"),
        ("content-type", "application/grpc+proto"),
    ]
    peer.send_headers(1, [*head, ("te", "trailers"), ("grpc-encoding", "gzip")])
    for byte in b"\1" + len(packed).to_bytes(4) + packed:
        peer.send_data(1, bytes((byte,)))
    peer.end_stream(1)
    events: list[Any] = []
    with socket.create_connection((address.host, address.port), 10) as connected:
        connected.sendall(peer.data_to_send())
        while not any(isinstance(event, h2.events.StreamEnded) for event in events):
            events += peer.receive_data(connected.recv(65_536))
    trailers = dict(next(event.headers for event in events if isinstance(event, h2.events.TrailersReceived)))
    assert trailers[b"grpc-status"] == b"0"
