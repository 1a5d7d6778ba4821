"""A message that is read by its layout says what protobuf says it says: the same rows, the same answers, to the bit."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.web.conftest import two_models

from scoreline.core.errors import ScorelineError
from scoreline.serving.active import Active
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.grpc.answers import ID, member
from scoreline.web.grpc.infer import InferMessage, InferRow
from scoreline.web.grpc.inferring import Inferring
from scoreline.web.grpc.known import LEARNING_COSTS, PATIENCE, Known
from scoreline.web.grpc.messages import Messages

METHOD = Messages().methods["ModelInfer"]
TYPED = {
    "BOOL": ("bool_contents", st.booleans()),
    "INT8": ("int_contents", st.integers(-128, 127)),
    "INT32": ("int_contents", st.integers(-(1 << 31), (1 << 31) - 1)),
    "INT64": ("int64_contents", st.integers(-(1 << 63), (1 << 63) - 1)),
    "UINT16": ("uint_contents", st.integers(0, (1 << 16) - 1)),
    "UINT32": ("uint_contents", st.integers(0, (1 << 32) - 1)),
    "UINT64": ("uint64_contents", st.integers(0, (1 << 64) - 1)),
    "FP32": ("fp32_contents", st.floats(width=32)),
    "FP64": ("fp64_contents", st.floats()),
    "BYTES": ("bytes_contents", st.text(max_size=200).map(str.encode)),
}
FORMATS = {"BOOL": "?", "INT8": "b", "INT32": "i", "INT64": "q", "UINT16": "H", "UINT32": "I", "UINT64": "Q"} | {
    "FP32": "f",
    "FP64": "d",
}
ROWS = st.lists(
    st.sampled_from(sorted(TYPED)).flatmap(lambda datatype: st.tuples(st.just(datatype), TYPED[datatype][1])),
    min_size=1,
    max_size=6,
)


def message(row: list[tuple[str, Any]], *, raw: bool, names: tuple[str, ...] = (), **said: Any) -> Any:
    made = METHOD.request(model_name="credit", **said)
    for i, (datatype, value) in enumerate(row):
        name = names[i] if names else f"column-{i}"
        tensor = made.inputs.add(name=name, datatype=datatype, shape=[1, 1] if i % 2 else [1])
        if not raw:
            getattr(tensor.contents, TYPED[datatype][0]).append(value)
        elif datatype == "BYTES":
            made.raw_input_contents.append(struct.pack("<I", len(value)) + value)
        else:
            made.raw_input_contents.append(struct.pack(f"<{FORMATS[datatype]}", value))
    return made


def bits(values: Any) -> list[Any]:
    """Return values so that they are equal where they are the same to the bit."""
    return [(type(value), struct.pack("<d", value) if isinstance(value, float) else value) for value in values]


def by_protobuf(data: bytes) -> tuple[str, list[Any]]:
    """Return the id and the row of a message as protobuf and the protocol's own rules have them."""
    read = METHOD.request.FromString(data)
    found: list[Any] = []

    class Decoder:
        def table(self, names: Any, rows: Any) -> None:
            found.extend(rows[0])

    class Schema:
        names = ("none of these",)
        columns = ()

    class Pipeline:
        schema, decoder = Schema(), Decoder()

    class Model:
        pipeline = Pipeline()

    InferMessage(read).decode(data, Model())  # type: ignore[arg-type]
    return read.id, found


@settings(max_examples=400, deadline=None)
@given(row=ROWS, raw=st.booleans(), request_id=st.text(max_size=20), version=st.sampled_from(["", "3"]))
def test_a_layout_that_was_learned_reads_what_protobuf_reads(
    row: list[tuple[str, Any]], raw: bool, request_id: str, version: str
) -> None:
    if len(row) == 1:
        row = row * 2  # one tensor may be a table of its own
    known = Known()
    first = message(row, raw=raw, id=request_id, model_version=version)
    known.learn(first.SerializeToString(), first)
    data = message(row, raw=raw, id=request_id, model_version=version).SerializeToString()
    found = known.read(data)
    assert found is not None
    assert (found.layout.model_name, found.layout.model_version) == ("credit", version)
    wanted = by_protobuf(data)
    assert (found.id, bits(found.values)) == (wanted[0], bits(wanted[1]))


SHAPE = [("FP64", 1.5), ("BYTES", b"radio"), ("INT64", 7), ("BOOL", True), ("BYTES", b"")]


@settings(max_examples=600, deadline=None)
@given(
    raw=st.booleans(),
    place=st.integers(0, 400),
    byte=st.integers(0, 255),
    how=st.sampled_from(["change", "insert", "remove", "cut", "append"]),
)
def test_a_message_that_was_tampered_with_is_read_as_protobuf_reads_it_or_not_at_all(
    raw: bool, place: int, byte: int, how: str
) -> None:
    known, made = Known(), message(SHAPE, raw=raw, id="mine")
    data = bytearray(made.SerializeToString())
    known.learn(bytes(data), made)
    assert known.read(bytes(data)) is not None
    place %= len(data)
    if how == "change":
        data[place] = byte
    elif how == "insert":
        data.insert(place, byte)
    elif how == "remove":
        del data[place]
    elif how == "cut":
        del data[place:]
    else:
        data.append(byte)
    found = known.read(bytes(data))
    if found is not None:
        wanted = by_protobuf(bytes(data))
        assert (found.id, bits(found.values)) == (wanted[0], bits(wanted[1]))
        assert METHOD.request.FromString(bytes(data)).model_name == found.layout.model_name


@pytest.mark.parametrize(
    "row", [[("FP64", float(n)) for n in range(20)], [("BYTES", b"x" * n) for n in (0, 1, 100, 130, 5000)]]
)
@pytest.mark.parametrize("raw", [False, True])
def test_values_of_other_lengths_have_the_same_layout(row: list[tuple[str, Any]], raw: bool) -> None:
    known, made = Known(), message(row, raw=raw)
    known.learn(made.SerializeToString(), made)
    other = message(row[::-1], raw=raw).SerializeToString()
    found = known.read(other)
    assert found is not None
    assert bits(found.values) == bits(by_protobuf(other)[1])


@pytest.mark.parametrize(
    "change",
    [
        lambda made: setattr(made.inputs[0].parameters["null_bitmap"], "string_param", "1"),
        lambda made: made.inputs[0].shape.append(2),
        lambda made: made.inputs[0].contents.fp64_contents.append(1.0),
        lambda made: made.inputs[0].ClearField("shape"),
        lambda made: made.inputs[0].ClearField("contents"),
        lambda made: made.raw_input_contents.append(bytes(8)),
        lambda made: made.ClearField("inputs"),
    ],
    ids=["parameters", "shape", "two values", "no shape", "no values", "both ways", "no inputs"],
)
def test_what_is_no_plain_row_has_no_layout(change: Any) -> None:
    known, made = Known(), message(SHAPE, raw=False)
    change(made)
    known.learn(made.SerializeToString(), made)
    assert known.read(made.SerializeToString()) is None


def test_whoever_sends_another_layout_each_time_is_not_learned_from_for_long() -> None:
    known, n_learned = Known(), 0
    for n in range(400):
        made = message(SHAPE, raw=False, names=tuple(f"{n}-{i}" for i in range(5)))
        known.learn(made.SerializeToString(), made)
        n_learned += known.read(made.SerializeToString()) is not None
    assert PATIENCE // LEARNING_COSTS <= n_learned < 100 + PATIENCE // LEARNING_COSTS


@pytest.fixture(scope="module")
def active(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Active]:
    with two_models(tmp_path_factory.mktemp("layouts")) as app:
        deployments = ActiveDeployments(app.registry)
        deployments.start()
        yield deployments.get("credit")
        deployments.close()


NAMES = ("age", "amount", "purpose")
PEOPLE = [
    [("FP64", 42.0), ("FP64", 1500.5), ("BYTES", b"radio")],
    [("FP64", 18.0), ("FP64", float("nan")), ("BYTES", b"never seen")],
    [("FP64", -1.0), ("FP64", 0.0), ("BYTES", b"")],
]


def answers(inferring: Inferring, messages: list[Any], active: Active) -> list[bytes | str]:
    """Return what messages that came together are answered with."""
    asked, ids = [], []
    for each in messages:
        request = inferring.read(each.SerializeToString())
        asked.append(Asked(request.dialect, request.body, active))
        ids.append(request.id)
    found: list[bytes | str] = []
    for request_id, answer in zip(ids, Plane().answer(asked), strict=True):
        if isinstance(answer, Reply):
            body = answer.body + (member(ID, request_id.encode()) if request_id else b"")
            found.append(METHOD.response.FromString(body).SerializeToString())
        else:
            assert isinstance(answer, ScorelineError)
            found.append(str(answer))
    return found


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("request_id", ["", "mine"])
@pytest.mark.parametrize("outputs", [(), ("probability",), ("label",), ("label", "probability"), ("nothing",)])
@pytest.mark.parametrize("names", [NAMES, NAMES[::-1], ("age", "amount", "unknown"), ("age", "age", "purpose")])
def test_answers_are_the_same_whichever_way_a_message_is_read(
    active: Active, raw: bool, request_id: str, outputs: tuple[str, ...], names: tuple[str, ...]
) -> None:
    order = [names.index(name) if name in names else 2 for name in NAMES]
    messages = [
        message(
            [row[i] for i in sorted(range(3), key=order.__getitem__)],
            raw=raw,
            names=names,
            id=request_id,
            outputs=[{"name": name} for name in outputs],
        )
        for row in PEOPLE
    ]
    inferring = Inferring(METHOD)
    slowly = [answers(Inferring(METHOD), [each], active)[0] for each in messages]
    inferring.read(messages[0].SerializeToString())
    assert isinstance(inferring.read(messages[1].SerializeToString()).dialect, InferRow)
    assert [answers(inferring, [each], active)[0] for each in messages] == slowly
    assert answers(inferring, messages, active) == slowly


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_one_tensor_of_all_columns_is_read_as_always(active: Active, width: int) -> None:
    made = METHOD.request(model_name="credit")
    made.inputs.add(name="all", datatype="FP64", shape=[1, width])
    made.raw_input_contents.append(struct.pack(f"<{width}d", *range(width)))
    inferring = Inferring(METHOD)
    first = answers(inferring, [made], active)
    assert answers(inferring, [made], active) == first
    assert answers(inferring, [made] * 3, active) == first * 3
