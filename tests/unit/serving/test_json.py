from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from scoreline.core.errors import BadRequest
from scoreline.serving.protocols.json import read_json


class Table(msgspec.Struct):
    fields: list[str]
    rows: list[list[Any]]


anything = msgspec.json.Decoder()
table = msgspec.json.Decoder(Table)


def message(body: bytes, decoder: msgspec.json.Decoder[Any] = anything) -> str:
    with pytest.raises(BadRequest) as caught:
        read_json(body, decoder)
    assert caught.value.hint
    return caught.value.message


def test_what_python_java_and_windows_write_is_read() -> None:
    assert math.isnan(read_json(b'{"a": NaN}', anything)["a"])
    assert read_json(b"[Infinity, -Infinity, 1e999]", anything) == [math.inf, -math.inf, math.inf]
    assert read_json(b"\xef\xbb\xbf[1]", anything) == [1]
    assert read_json(b'{"fields": ["a"], "rows": [[NaN]]}', table).fields == ["a"]


def test_malformed_json_is_told_with_line_and_column() -> None:
    assert message(b'{"a": 1,\n "b": oops}') == "the body is not JSON: expecting value at line 2, column 7"
    assert message(b'{"a": 1') == "the body is not JSON: expecting ',' delimiter at line 1, column 8"
    assert message(b"[1] [2]") == "the body is not JSON: extra data at line 1, column 5"


def test_an_empty_body_is_told_as_such() -> None:
    assert message(b" \n") == "the body is empty"


def test_other_encodings_are_told_with_their_place() -> None:
    assert message(b'["caf\xe9"]') == "the body is not UTF-8 at byte 5"


def test_what_would_break_a_parser_is_the_callers_error() -> None:
    assert message(b"[" * 100_000) == "the JSON is nested too deeply"
    assert "digits" in message(b"[NaN, " + b"9" * 10_000 + b"]")


def test_a_member_of_the_wrong_type_is_told_with_its_path_or_row() -> None:
    assert message(b'{"fields": [1], "rows": []}', table) == "`fields[0]`: expected `str`, got `int`"
    assert message(b'{"fields": [], "rows": [[], 3]}', table) == "row 2: expected `array`, got `int`"
    assert message(b"[]", table) == "the body: expected `object`, got `array`"
    assert message(b'{"rows": []}', table) == "the body: object missing required field `fields`"
