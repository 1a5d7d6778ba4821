"""Plain rows take a way of their own, and nobody can tell: same blocks, same reports, same errors as the usual way."""

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.core.errors import BadRequest, SchemaMismatch
from scoreline.core.schema import Column, Schema
from scoreline.scoring.decode import Decoder
from scoreline.scoring.plain import MOST_COLUMNS, PlainRows
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.json import read_json
from scoreline.serving.protocols.native import read_document

COLUMNS = (
    Column(name="amount", type="number"),
    Column(name="level", type="category", levels=("a", "b")),
    Column(name="flag", type="boolean"),
    Column(name="code", type="category", integer=True, levels=("0", "3", "007", "4.0")),
    Column(name="moment", type="datetime"),
    Column(name="day", type="datetime", datetime_format="%d.%m.%Y"),
    Column(name="words", type="text"),
)
SCHEMAS = (
    Schema(columns=COLUMNS),
    Schema(columns=(COLUMNS[0], COLUMNS[2])),
    Schema(columns=(COLUMNS[1], COLUMNS[3])),
    Schema(columns=(COLUMNS[0], Column(name="rows", type="number"), COLUMNS[6])),
    Schema(columns=(COLUMNS[0], Column(name="level", type="category", required=True))),
)
NUMBERS = (
    *("0", "-0", "1", "-7", "3.0", "-0.0", "1e3", "0.1", "1e-400", "1e400", "-1e400", "3.4028234663852886e38"),
    *("3.4028234663852889e38", "340282346638528859811704183484516925441", "18446744073709551616", "1" + "0" * 400),
    *("NaN", "Infinity", "-Infinity", "00", "1.", "0.30000001192092896", "5e-324", "1E+2", "9007199254740993"),
)
TEXTS = (
    *(
        '""',
        '"a"',
        '"b"',
        '"3"',
        '"3.0"',
        '" 3 "',
        '"007"',
        '"4.0"',
        '"-0"',
        '"true"',
        '"NaN"',
        '"1_0"',
        '"é世\U0001f600"',
    ),
    *('"\\u0061"', '"\\ud83d\\ude00"', '"\\ud800"', '"2024-05-31"', '"31.05.2024"', '"20240531"', '"1e400"', '"\\n"'),
)
value = st.sampled_from([*NUMBERS, *TEXTS, "null", "true", "false", "[]", "[1]", "{}", '{"a":1}'])
usual = {
    "amount": st.sampled_from(NUMBERS[:12]),
    "level": st.sampled_from(TEXTS[:3]),
    "flag": st.sampled_from(["true", "false", "1", "0", "null"]),
    "code": st.sampled_from(["3", "0", '"3"', '"007"', '"4.0"', "null", "3.0", "-0"]),
    "moment": st.sampled_from(['"2024-05-31"', "1700000000", "1.5", "null"]),
    "day": st.sampled_from(['"31.05.2024"', "20240531", "null", "1.5"]),
    "words": st.sampled_from(TEXTS),
    "rows": st.sampled_from(["1", "null", "[]", '"x"', "true"]),
}
space = st.sampled_from(["", "", "", " ", "\n\t"])


@st.composite
def objects(draw, schema):
    """An object as text: each column once in most, and sometimes in another order, twice, not, or with others."""
    names = list(schema.names)
    if draw(st.integers(0, 3)) == 0:
        names = draw(st.lists(st.sampled_from([*names, "other", "rows", "fields", "amoun", "amount "]), max_size=9))
    members = [
        f"{json.dumps(name)}:{draw(space)}{draw(value if draw(st.integers(0, 9)) == 0 else usual.get(name, value))}"
        for name in names
    ]
    return f"{{{draw(space)}{(draw(space) + ',').join(members)}}}"


@st.composite
def documents(draw, schema):
    """A body in one of the native shapes, whole in most cases."""
    rows = f"[{','.join(draw(st.lists(objects(schema), min_size=draw(st.integers(0, 1)), max_size=4)))}]"
    shape = draw(st.sampled_from(["one", "one", "rows", "list", "more", "twice", "value", "broken"]))
    body = {
        "one": lambda: draw(objects(schema)),
        "rows": lambda: f'{{{draw(space)}"rows":{rows}}}',
        "list": lambda: rows,
        "more": lambda: f'{{"rows":{rows},"other":1}}',
        "twice": lambda: f'{{"rows":{rows},"rows":[{draw(objects(schema))}]}}',
        "value": lambda: draw(value),
        "broken": lambda: (text := draw(objects(schema)))[: draw(st.integers(0, len(text)))],
    }[shape]()
    return (draw(space) + body + draw(st.sampled_from(["", "", " ", "x", "\x00"]))).encode("utf-8", "surrogatepass")


def outcome(decode):
    try:
        decoded = decode()
    except (SchemaMismatch, BadRequest) as error:
        return type(error), error.message, error.hint, getattr(error, "row", None), getattr(error, "column", None)
    rows = decoded.rows
    return rows.numbers.tobytes(), rows.numbers.shape, rows.texts.tolist(), decoded.ignored, decoded.absent


def usual_way(schema):
    decoder = Decoder(schema)
    decoder._plain = None
    decoder.json = lambda body: None
    return decoder


class Answering:
    """As much of a deployment as reading a document asks for."""

    def __init__(self, decoder):
        self.pipeline = self
        self.decoder = decoder
        self.schema = decoder.schema


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(SCHEMAS).flatmap(lambda schema: st.tuples(st.just(schema), documents(schema))))
def test_a_json_document_gives_the_same_either_way(given_):
    schema, body = given_
    slow = Answering(usual_way(schema))
    expected = outcome(lambda: read_document(read_json(body, msgspec.json.Decoder()), slow))
    assert outcome(lambda: DIALECTS["native"].decode(body, Answering(Decoder(schema))).decoded) == expected


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SCHEMAS).flatmap(lambda schema: st.tuples(st.just(schema), st.lists(documents(schema), min_size=1)))
)
def test_documents_give_together_what_each_gives_alone(given_):
    schema, bodies = given_
    decoder = Decoder(schema)
    if (found := decoder.jsons(bodies)) is not None:
        rows, sizes = found
        alone = [outcome(lambda body=body: decoder.json(body)) for body in bodies]
        assert [one[1][0] for one in alone] == list(sizes)
        assert rows.numbers.tobytes() == b"".join(one[0] for one in alone)
        assert rows.texts.tolist() == [row for one in alone for row in one[2]]


python_value = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=3),
    st.just("\ud800"),
    st.sampled_from(["a", "3", "3.0", "2024-05-31", "31.05.2024", "1.5", "nan"]),
    st.datetimes(),
    st.decimals(allow_nan=False),
    st.floats().map(np.float64),
    st.just([]),
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(SCHEMAS).flatmap(
        lambda schema: st.tuples(
            st.just(schema),
            st.lists(st.fixed_dictionaries(dict.fromkeys(schema.names, python_value)), min_size=1, max_size=3),
        )
    )
)
def test_records_give_the_same_either_way(given_):
    schema, records = given_
    expected = outcome(lambda: usual_way(schema).records(records))
    assert outcome(lambda: Decoder(schema).records(records)) == expected


def test_plain_documents_are_taken_apart_at_once():
    schema = SCHEMAS[0]
    plain = PlainRows(schema)
    row = {"amount": 1, "level": "é", "flag": True, "code": 3, "moment": "2024-05-31", "day": None, "words": None}
    for document in (row, {"rows": [row, row]}, [row]):
        decoded = plain.json(json.dumps(document).encode())
        assert decoded is not None
        rows = decoded.rows
        assert rows.texts.tolist()[0] == ["é", "3", ""]
        assert rows.numbers[0, :3].tolist() == [1.0, 1.0, 1717113600.0]
        assert math.isnan(rows.numbers[0, 3])


@pytest.mark.parametrize("change", [{"amount": "1"}, {"other": 1}, {"level": 3}, {"flag": []}], ids=str)
def test_other_documents_are_not(change):
    row = {"amount": 1, "level": "a", "flag": True, "code": 3, "moment": "2024-05-31", "day": None, "words": None}
    assert PlainRows(SCHEMAS[0]).json(json.dumps(row | change).encode()) is None


def test_documents_of_one_shape_are_taken_apart_together():
    row = {"amount": 1, "level": None, "flag": True, "code": 3, "moment": "2024-05-31", "day": None, "words": "é"}
    body, body_of_two = json.dumps(row).encode(), json.dumps({"rows": [row, row]}).encode()
    decoder = Decoder(SCHEMAS[0])
    assert decoder.jsons([body, body])[1] == [1, 1]
    assert decoder.jsons([body_of_two, body_of_two])[1] == [2, 2]
    assert decoder.jsons([body, body_of_two]) is None
    assert decoder.jsons([body_of_two, b'{"rows": []}']) is None


def test_other_schemas_have_no_plain_rows():
    def schema(*names, required=False):
        return Schema(columns=tuple(Column(name=name, type="number", required=required) for name in names))

    assert PlainRows.of(schema("a", required=True)) is None
    assert PlainRows.of(schema(*map(str, range(MOST_COLUMNS)))) is not None
    assert PlainRows.of(schema(*map(str, range(MOST_COLUMNS + 1)))) is None
    for name in ('say "a"', "back\\slash", "two\nlines", "half \ud800"):
        assert PlainRows.of(schema(name, "b")) is None
        document = json.dumps({name: 1, "b": 2})
        assert Decoder(schema(name, "b")).records([json.loads(document)]).rows.numbers.tolist() == [[1.0, 2.0]]
