"""The medium form data: a file of CSV as browsers and ``curl -F`` send one. Source: RFC 7578."""

from __future__ import annotations

import re

from scoreline.core.errors import BadRequest
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media.csv import Csv
from scoreline.serving.media.medium import check_not_empty

FIELD = "dataset"
"""Where the table is expected; one alone may be called anything."""
N_PARTS = 100
LONGEST_HEAD_BYTES = 8192
_NAME = re.compile(rb'^content-disposition:[^\r\n]*?[;\s]name="?([^";\r\n]*)', re.IGNORECASE | re.MULTILINE)
_HINT = f"curl -F {FIELD}=@rows.csv sends one; the body may also be the CSV itself, as text/csv"


class FormData(Csv):
    """A table in one field of a form. It is only read: no answer is a form."""

    is_written = False

    def __init__(self) -> None:
        super().__init__(header=None)
        self.name, self.types = "form-data", ("multipart/form-data",)

    def read(self, body: bytes, active: Active) -> Decoded:
        return super().read(field_of(body), active)


def field_of(body: bytes) -> bytes:
    """Return what the field ``dataset`` of a form holds, or the only field. Raises BadRequest."""
    fields = _fields(body)
    if FIELD in fields:
        return fields[FIELD]
    if len(fields) == 1:
        return next(iter(fields.values()))
    found = ", ".join(f"`{name}`" for name in sorted(fields)) or "none"
    raise BadRequest(f"the form has no field `{FIELD}`; its fields: {found}", hint=_HINT)


def _fields(body: bytes) -> dict[str, bytes]:
    """Split a form at its first line, which every field begins with."""
    check_not_empty(body)
    line, _, _ = body[:LONGEST_HEAD_BYTES].partition(b"\r\n")
    if len(line) < 3 or not line.startswith(b"--"):
        raise BadRequest("the body is no form: its first line is no boundary", hint=_HINT)
    border = b"\r\n" + line
    fields: dict[str, bytes] = {}
    at = len(line)
    while body[at : at + 2] == b"\r\n":
        if len(fields) >= N_PARTS:
            raise BadRequest(f"the form has more than {N_PARTS} fields", hint=_HINT)
        head_end = body.find(b"\r\n\r\n", at, at + LONGEST_HEAD_BYTES)
        end = body.find(border, head_end)
        named = _NAME.search(body[at:head_end]) if head_end >= 0 else None
        if named is None or end < 0:
            raise BadRequest(f"field {len(fields) + 1} of the form is not whole", hint=_HINT)
        fields[named[1].decode("utf-8", "replace")] = body[head_end + 4 : end]
        at = end + len(border)
    return fields
