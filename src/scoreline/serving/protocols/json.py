"""Read JSON bodies, and say where they are wrong."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

from scoreline.core.errors import BadRequest

T = TypeVar("T")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BEYOND_JSON = (b"NaN", b"Infinity", _BYTE_ORDER_MARK)
"""What msgspec refuses although Python, Java and Windows write it."""
_AT_BYTE = re.compile(r"\(byte (\d+)\)")
_AT_ROW = re.compile(r"^\$(?:\.rows)?\[(\d+)\]")
_HINT = "check quotes, commas and brackets; a missing value is null"


def read_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode ``body``. ``NaN``, ``Infinity``, numbers beyond float64 and a byte order mark are accepted.

    Raises BadRequest with the line and column of malformed JSON, or with the path of a member of the wrong type.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        if "out of range" not in str(error):
            raise _wrong_shape(error) from None
    except msgspec.DecodeError as error:
        if not any(token in body for token in _BEYOND_JSON):
            raise _malformed(body, str(error)) from None
    except UnicodeDecodeError:
        raise _not_utf8(body) from None
    except RecursionError:
        raise _too_deep() from None
    return _read_leniently(body, decoder)


def _read_leniently(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        value: Any = json.loads(body.removeprefix(_BYTE_ORDER_MARK).decode())
        return msgspec.convert(value, decoder.type)
    except json.JSONDecodeError as error:
        raise _malformed_at(error.msg, error.lineno, error.colno) from None
    except msgspec.ValidationError as error:
        raise _wrong_shape(error) from None
    except UnicodeDecodeError:
        raise _not_utf8(body) from None
    except RecursionError:
        raise _too_deep() from None


def _malformed(body: bytes, what: str) -> BadRequest:
    if not body.strip():
        return BadRequest("the body is empty", hint="send a JSON document with at least one row")
    at = _AT_BYTE.search(what)
    before = body[: int(at[1])] if at else body
    what = _AT_BYTE.sub("", what).removeprefix("JSON is malformed: ").strip()
    if what == "Input data was truncated":
        what = "it ends too early"
    return _malformed_at(what, before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))


def _malformed_at(what: str, line: int, column: int) -> BadRequest:
    return BadRequest(f"the body is not JSON: {what} at line {line}, column {column}", hint=_HINT)


def _not_utf8(body: bytes) -> BadRequest:
    try:
        body.decode()
        where = ""
    except UnicodeDecodeError as error:
        where = f" at byte {error.start}"
    return BadRequest(f"the body is not UTF-8{where}", hint="encode the body as UTF-8")


def _too_deep() -> BadRequest:
    hint = "a row holds numbers, texts, true, false and null only"
    return BadRequest("the JSON is nested too deeply", hint=hint)


def _wrong_shape(error: msgspec.ValidationError) -> BadRequest:
    what, _, path = str(error).partition(" - at ")
    what, path = what[:1].lower() + what[1:], path.strip("`") or "$"
    row = _AT_ROW.match(path)
    where = f"row {int(row[1]) + 1}" if row else "the body" if path == "$" else f"`{path.removeprefix('$.')}`"
    return BadRequest(f"{where}: {what}", hint="the deployment's sample route shows a body that scores")
