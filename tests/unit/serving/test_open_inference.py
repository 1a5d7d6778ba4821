"""Tensors to rows: what they may hold, how it is written as bytes, and that nothing a caller writes is our fault."""

from __future__ import annotations

import json
import math
import struct
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.artifacts import tiny_artifact

from scoreline.app.settings import Settings, open_app
from scoreline.core.errors import BadRequest, SchemaMismatch, ScorelineError, TooLarge
from scoreline.core.schema import Column, Schema
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.oip import OpenInference
from scoreline.serving.protocols.oip.datatypes import DATATYPES, DTYPES, pack, unpack
from scoreline.serving.protocols.oip.tensors import N_MANY_ROWS, Given, decode

SCHEMA = Schema(
    columns=(
        Column(name="age", type="number", example=42),
        Column(name="months", type="number", integer=True, example=12),
        Column(name="owns", type="boolean", example=True),
        Column(name="purpose", type="category", levels=("car", "radio"), example="radio"),
    )
)
ROW = {"age": 42.0, "months": 12, "owns": True, "purpose": "radio"}


@pytest.fixture(scope="module")
def active(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Active]:
    folder = tmp_path_factory.mktemp("tensors")
    tiny_artifact(folder / "credit.scoreline", schema=SCHEMA, rows=[ROW])
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        app.registry.register(folder / "credit.scoreline")
        app.registry.deploy("credit", "credit")
        deployments = ActiveDeployments(app.registry)
        deployments.refresh()
        yield deployments.get("credit")


def same(found: Rows, wanted: Rows) -> bool:
    numbers = np.array_equal(found.numbers, wanted.numbers, equal_nan=True)
    return numbers and found.texts.tolist() == wanted.texts.tolist()


def tensor(name: str, values: Any, **parameters: Any) -> Given:
    return Given(name, [len(values)], values, parameters or None)


def values_of(datatype: str) -> st.SearchStrategy[Any]:
    if datatype == "BYTES":
        return st.text(st.characters(codec="utf-8"), max_size=9)
    if datatype == "BOOL":
        return st.booleans()
    if datatype.startswith("FP"):
        return st.floats(width={"FP16": 16, "FP32": 32, "FP64": 64}[datatype])
    limits = np.iinfo(DTYPES[datatype])
    return st.integers(int(limits.min), int(limits.max))


@pytest.mark.parametrize("datatype", sorted(DATATYPES))
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_values_come_back_from_their_bytes(datatype: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(values_of(datatype), max_size=40))
    found = list(unpack("x", datatype, pack(datatype, values)))
    assert [repr(value) for value in map(plain, found)] == [repr(value) for value in values]


def plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def test_numbers_are_little_endian_and_texts_stand_behind_their_length() -> None:
    assert pack("INT32", [1]) == b"\x01\0\0\0"
    assert pack("BYTES", ["é"]) == b"\x02\0\0\0\xc3\xa9"


@pytest.mark.parametrize("n_rows", [3, N_MANY_ROWS + 3], ids=["few", "many"])
def test_values_as_bytes_make_the_rows_that_values_make(active: Active, n_rows: int) -> None:
    ages = [i / 7 for i in range(n_rows)]
    months = list(range(n_rows))
    purposes = ["car", "", "radio"] * (n_rows // 3 + 1)
    columns = {"age": ("FP64", ages), "months": ("INT16", months), "purpose": ("BYTES", purposes[:n_rows])}
    tensors = [
        tensor(name, unpack(name, datatype, pack(datatype, values))) for name, (datatype, values) in columns.items()
    ]
    wanted = active.pipeline.decoder.records(
        [dict(zip(columns, row, strict=True)) for row in zip(*(values for _, values in columns.values()), strict=True)]
    )
    found = decode(tensors, active)
    assert same(found.rows, wanted.rows)
    assert found.absent == wanted.absent == ("owns",)


@pytest.mark.parametrize("n_rows", [2, N_MANY_ROWS])
def test_a_null_bitmap_tells_which_values_are_missing(active: Active, n_rows: int) -> None:
    months = unpack("months", "INT64", pack("INT64", list(range(n_rows))))
    found = decode([tensor("months", months, null_bitmap="01" * (n_rows // 2))], active).rows.numbers
    assert np.isnan(found[1::2, 1]).all()
    assert found[::2, 1].tolist() == list(range(0, n_rows, 2))


@pytest.mark.parametrize("nulls", ["0", "000", "02", 7, "", "O1"])
def test_a_null_bitmap_has_a_character_for_each_value(active: Active, nulls: Any) -> None:
    with pytest.raises(BadRequest, match=r"`months`.*null_bitmap"):
        decode([tensor("months", [1, 2], null_bitmap=nulls)], active)


def test_codecs_of_mlserver_are_no_riddle(active: Active) -> None:
    coded = tensor("purpose", [b64encode(b"radio").decode()], content_type="base64")
    assert decode([coded], active).rows.texts[0, 0] == "radio"
    assert decode([tensor("purpose", ["radio"], content_type="str")], active).rows.texts[0, 0] == "radio"
    with pytest.raises(BadRequest, match=r"`purpose`.*base64"):
        decode([tensor("purpose", ["r?"], content_type="base64")], active)


@pytest.mark.parametrize("n_rows", [2, N_MANY_ROWS])
def test_one_tensor_holds_all_columns_in_the_order_of_the_schema(active: Active, n_rows: int) -> None:
    values = np.arange(n_rows * 4, dtype=np.float32)
    found = decode([Given("input-0", [n_rows, 4], values, None)], active).rows
    wanted = active.pipeline.decoder.table(SCHEMA.names, values.reshape(n_rows, 4).tolist()).rows
    assert same(found, wanted)


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ([], "`inputs` is empty"),
        ([Given("age", [], [1.0], None)], "`age` has the shape"),
        ([Given("age", [1, 1, 1], [1.0], None)], "`age` has 3 dimensions"),
        ([Given("age", [2], [1.0], None)], "`age`: the shape .* has 2 values, its data 1"),
        ([Given("age", [-1, -1], [1.0], None)], "`age`"),
        ([Given("age", [0], [], None)], "no rows"),
        ([Given("x", [1, 3], [1.0, 2.0, 3.0], None)], "`x` has 3 columns; the schema has 4"),
        ([Given("age", [1], [1.0], None), Given("months", [2], [1, 2], None)], "`months` has the shape"),
        ([Given("age", [1 << 40], [1.0], None)], "more than"),
    ],
)
def test_a_shape_that_does_not_fit_is_told(active: Active, tensors: list[Given], told: str) -> None:
    with pytest.raises(ScorelineError, match=told):
        decode(tensors, active)


def framed(document: Any, behind: bytes, said: str | None = None) -> tuple[str, bytes]:
    head = json.dumps(document).encode()
    return str(len(head)) if said is None else said, head + behind


AGE = {"name": "age", "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": 8}}
EIGHT = struct.pack("<d", 42.0)


@pytest.mark.parametrize(
    ("said", "body", "told"),
    [
        (*framed({"inputs": [AGE]}, EIGHT, "x"), "inference-header-content-length"),
        (*framed({"inputs": [AGE]}, EIGHT, "-1"), "inference-header-content-length"),
        (*framed({"inputs": [AGE]}, EIGHT, "9" * 5000), "inference-header-content-length"),
        (*framed({"inputs": [AGE]}, EIGHT, "3"), "not JSON"),
        (*framed({"inputs": [AGE]}, EIGHT[:7]), "`age`: `binary_data_size` is 8, and 7 bytes are left"),
        (*framed({"inputs": [AGE]}, EIGHT + b"more"), "4 bytes of the body belong to no tensor"),
        (*framed({"inputs": [AGE | {"shape": [2]}]}, EIGHT), "`age`: the shape"),
        (
            *framed({"inputs": [AGE | {"parameters": {"binary_data_size": 7}}]}, EIGHT[:7]),
            "`age`: its data has 7 bytes",
        ),
        (*framed({"inputs": [AGE | {"parameters": {"binary_data_size": -8}}]}, EIGHT), "`binary_data_size` is -8"),
        (*framed({"inputs": [AGE | {"parameters": {"binary_data_size": "8"}}]}, EIGHT), "`binary_data_size` is '8'"),
        (*framed({"inputs": [AGE | {"parameters": {}}]}, b""), "`age`: the shape .* has 1 values, its data 0"),
        (*framed({"inputs": [AGE | {"datatype": "BYTES"}]}, b"\5\0\0\0none"), "`age`: its data ends within a value"),
        (*framed({"inputs": [AGE | {"datatype": "BYTES"}]}, b"\4\0\0\0\xff\xff\xff\xff"), "value 1 is not UTF-8"),
    ],
)
def test_what_stands_behind_the_json_is_told_where_it_is_wrong(
    active: Active, said: str, body: bytes, told: str
) -> None:
    with pytest.raises(BadRequest, match=told):
        OpenInference().framed(said).decode(body, active)


documents = st.fixed_dictionaries(
    {
        "inputs": st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.sampled_from(["age", "months", "owns", "purpose", "other"]),
                    "shape": st.lists(st.integers(-2, 9), max_size=3),
                    "datatype": st.sampled_from(sorted(DATATYPES)),
                },
                optional={
                    "data": st.just(5)
                    | st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=3), st.lists(st.integers()))),
                    "parameters": st.dictionaries(
                        st.sampled_from(["binary_data_size", "null_bitmap", "content_type"]),
                        st.one_of(st.integers(-1, 99), st.text(max_size=3), st.sampled_from(["base64", "01"])),
                    ),
                },
            ),
            max_size=4,
        )
    },
    optional={
        "outputs": st.lists(st.fixed_dictionaries({"name": st.sampled_from(["label", "probability", "x"])})),
        "parameters": st.fixed_dictionaries({"binary_data_output": st.booleans()}),
    },
)


@settings(deadline=None, max_examples=300)
@given(document=documents, behind=st.binary(max_size=80), said=st.one_of(st.none(), st.text(max_size=3)))
def test_whatever_stands_behind_whatever_json_is_scored_or_refused(
    active: Active, document: Any, behind: bytes, said: str | None
) -> None:
    header, body = framed(document, behind, said)
    dialect = OpenInference().framed(header)
    try:
        call = dialect.decode(body, active)
        predictions = active.pipeline.score_rows(call.decoded.rows)
        answer = dialect.encode(call, predictions, active)
    except (BadRequest, SchemaMismatch, TooLarge) as refused:
        json.loads(dialect.error(refused, "id"))
    else:
        n_bytes = dict(answer.headers).get("inference-header-content-length")
        json.loads(answer.body if n_bytes is None else answer.body[: int(n_bytes)])


@pytest.mark.parametrize("name", ["credit", "price"])
def test_requests_that_came_together_are_answered_as_each_is_alone(tmp_path: Path, name: str) -> None:
    labels = ("good", "bad") if name == "credit" else ()
    tiny_artifact(tmp_path / "a.scoreline", name=name, schema=SCHEMA, labels=labels, rows=[ROW])
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as app:
        app.registry.register(tmp_path / "a.scoreline")
        app.registry.deploy(name, name)
        deployments = ActiveDeployments(app.registry)
        deployments.refresh()
        found = deployments.get(name)
        columns = {"age": [1.5, 2.5], "months": [3, None], "owns": [True, False], "purpose": ["car", "yacht"]}

        def body(n_rows: int, **more: Any) -> bytes:
            inputs = [
                {"name": column, "shape": [n_rows], "datatype": "BYTES", "data": values[:n_rows]}
                for column, values in columns.items()
            ]
            return json.dumps({"inputs": inputs, **more}).encode()

        alike = [body(1), body(2), body(1)]
        others = [body(1, id="mine"), b"{", body(1, outputs=[]), body(2, inputs=[]), b'{"inputs": [{"name": 5}]}']
        for bodies in (alike, alike + others, others):
            together = Plane().answer([Asked(OpenInference(), sent, found) for sent in bodies])
            alone = [Plane().answer([Asked(OpenInference(), sent, found)])[0] for sent in bodies]
            assert list(map(told, together)) == list(map(told, alone))
        assert OpenInference().decode_many(alike, found) is not None


def told(answer: Reply | Exception) -> Any:
    return str(answer) if isinstance(answer, Exception) else (answer.body, answer.headers)


def test_a_float32_is_the_number_that_was_rounded(active: Active) -> None:
    values = unpack("age", "FP32", pack("FP32", [0.1]))
    found = decode([tensor("age", values)], active).rows.numbers[0, 0]
    assert math.isclose(found, 0.1, rel_tol=1e-7)
    assert found != 0.1
