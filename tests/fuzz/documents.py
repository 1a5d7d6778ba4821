"""Bodies: JSON as callers write it, as they should not, and bytes that are none."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

COLUMNS = ["age", "amount", "purpose", "rows", "fields", "hat", "", "Age", "\x00", "aGE", "é", "a" * 300, "\ud800"]
ATOMS = [
    *("null", "true", "false", "nan", "NaN", "-Infinity", "Infinity", "0", "-0", "1.5", "-1e-400", "1e308", "1e309"),
    *("-1e999", "01", "+1", ".5", "1.", "0x10", "1_000", "--1", "1e", "-"),
    *("1" * 25, "1" * 60, "0." + "1" * 60, "1e99999999999999999999"),
    *('""', '"radio"', '"42"', '" 42 "', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\u12"'),
    *('"\\x41"', '"\t"', '"\x00"', '"unfinished', "'single'", '"é"', '"\\""', '"' + "x" * 100 + '"', '"2026-05-01"'),
    *('"NaN"', '"1e400"', "[]", "{}", "[[]]", "[null]", '{"a":{}}', "undefined", "None", "//", "/* */ 1"),
    *("", " ", ",", ":", "\ufeff1"),
]
GOOD_ROWS: list[dict[str, Any]] = [
    {"age": 42, "amount": 1500.5, "purpose": "radio"},
    {"age": None, "amount": "300", "purpose": ""},
    {"age": 18.5, "purpose": 7},
]


@st.composite
def _object(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    names = draw(st.lists(st.sampled_from(COLUMNS), max_size=5))  # twice the same is allowed, as JSON has it
    return "{" + ",".join(f"{json.dumps(name)}:{draw(values)}" for name in names) + "}"


def _list(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, max_size=4).map(lambda texts: "[" + ",".join(texts) + "]")


def _wider(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(_object(values), _list(values))


_VALUES = st.recursive(st.sampled_from(ATOMS), _wider, max_leaves=8)
_ROWS = st.one_of(_list(_object(_VALUES)), _list(_list(_VALUES)), _VALUES)


@st.composite
def _table(draw: st.DrawFn) -> str:
    """Write a body of the shape that a dialect asks for, with anything in it."""
    members = {"rows": draw(_ROWS)}
    if draw(st.booleans()):
        fields = draw(st.one_of(st.just('["age","amount","purpose"]'), _VALUES, st.just('["age","age"]')))
        members["fields"] = fields
    if draw(st.integers(0, 3)) == 0:
        name = draw(
            st.sampled_from(["includeFieldsInOutput", "idField", "noFieldNamesInOutput", "requestShapleyValueType"])
        )
        members[name] = draw(_VALUES)
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"


def _deep(pair: tuple[str, int]) -> str:
    brackets, depth = pair
    return brackets[0] * depth + brackets[1] * depth if brackets != "{}" else '{"age":' * depth + "1" + "}" * depth


_DEEP = st.tuples(st.sampled_from(["[]", "{}", "[", "[1"]).map(lambda text: (text + "  ")[:2]), st.integers(1, 900))
_TEXTS = st.one_of(_table(), _table(), _object(_VALUES), _VALUES, _DEEP.map(_deep))


@st.composite
def _bytes(draw: st.DrawFn) -> bytes:
    text = draw(_TEXTS)
    encoding = draw(st.sampled_from(["utf-8"] * 8 + ["utf-8-sig", "latin-1", "utf-16", "utf-32"]))
    written = bytearray(text.encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace"))
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(written)))
        written[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=4))
    return bytes(written)


GOOD_DOCUMENTS: st.SearchStrategy[bytes] = st.lists(st.sampled_from(GOOD_ROWS), min_size=1, max_size=3).map(
    lambda rows: json.dumps({"rows": rows}).encode()
)
DOCUMENTS: st.SearchStrategy[bytes] = st.one_of(_bytes(), GOOD_DOCUMENTS, st.binary(max_size=40))
