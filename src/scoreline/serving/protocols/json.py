"""Read JSON bodies, and say where they are wrong."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

from scoreline.core.errors import BadRequest
from scoreline.serving.room import check_parts

T = TypeVar("T")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_AT_ROW = re.compile(r"^\$(?:\.rows)?\[(\d+)\]")


def read_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode ``body``. ``NaN``, ``Infinity``, numbers beyond float64 and a byte order mark are accepted.

    Raises BadRequest with the line and column of malformed JSON, or with the path of a member of the wrong type;
    TooLarge when it has too many parts.
    """
    check_parts(body)
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_slowly(body, decoder)


def _read_slowly(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Read what msgspec refuses: Python's parser accepts what other languages write, and says where it stopped."""
    try:
        value: Any = json.loads(body.removeprefix(_BYTE_ORDER_MARK).decode())
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
        return msgspec.convert(value, decoder.type)
    except UnicodeEncodeError:
        hint = "a lone surrogate such as \\ud800 is half a character: send both halves, or the character itself"
        refusal = BadRequest("a text in the body is not valid Unicode", hint=hint)
    except UnicodeDecodeError as error:
        refusal = BadRequest(f"the body is not UTF-8 at byte {error.start}", hint="encode the body as UTF-8")
    except json.JSONDecodeError as error:
        refusal = _malformed(body, error)
    except RecursionError:
        hint = "a row holds numbers, texts, true, false and null only"
        refusal = BadRequest("the JSON is nested too deeply", hint=hint)
    except msgspec.ValidationError as error:
        refusal = _wrong_shape(error)
    except ValueError:
        refusal = BadRequest("a number in the body has too many digits", hint="send numbers that fit a float64")
    raise refusal


def _malformed(body: bytes, error: json.JSONDecodeError) -> BadRequest:
    if not body.strip():
        return BadRequest("the body is empty", hint="send a JSON document with at least one row")
    what = error.msg[:1].lower() + error.msg[1:]
    return BadRequest(
        f"the body is not JSON: {what} at line {error.lineno}, column {error.colno}",
        hint="check quotes, commas and brackets; a missing value is null",
    )


def _wrong_shape(error: msgspec.ValidationError) -> BadRequest:
    what, _, path = str(error).partition(" - at ")
    path = path.strip("`") or "$"
    row = _AT_ROW.match(path)
    where = f"row {int(row[1]) + 1}" if row else "the body" if path == "$" else f"`{path.removeprefix('$.')}`"
    return BadRequest(
        f"{where}: {what[:1].lower()}{what[1:]}", hint="the deployment's sample route shows a body that scores"
    )
