"""How a caller of each dialect writes rows and reads answers. A new dialect is one entry in SPEAKERS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Row = Mapping[str, Any]


class Told(NamedTuple):
    """What an answer says of columns."""

    ignored: set[str]
    absent: set[str]


class Speaker(Protocol):
    """A caller. ``path`` holds ``{name}``."""

    name: str
    path: str

    def write(self, rows: Sequence[Row]) -> bytes: ...

    def scores(self, body: bytes) -> list[list[float]]: ...

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told: ...

    def message(self, body: bytes) -> str: ...


class Native:
    name = "native"
    path = "/api/v1/deployments/{name}/score"

    def write(self, rows: Sequence[Row]) -> bytes:
        return json.dumps({"rows": rows}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        return [
            list(prediction["probability"].values()) if "probability" in prediction else [prediction["prediction"]]
            for prediction in json.loads(body)["predictions"]
        ]

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told:
        document = json.loads(body)
        return Told(set(document.get("ignored_columns", [])), set(document.get("absent_columns", [])))

    def message(self, body: bytes) -> str:
        error = json.loads(body)["error"]
        return f"{error['message']} {error['hint']}"


class NativeTable(Native):
    """Fields and rows; absent values are null."""

    def write(self, rows: Sequence[Row]) -> bytes:
        return json.dumps(_table(rows)).encode()


class H2O:
    name = "h2o"
    path = "/deployments/{name}/model/score"

    def write(self, rows: Sequence[Row]) -> bytes:
        return json.dumps(_table(rows)).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        return [[float(cell) for cell in row] for row in json.loads(body)["score"]]

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told:
        listed = [headers.get(f"x-scoreline-{kind}-columns", "") for kind in ("ignored", "absent")]
        return Told(*(set(text.split(", ")) - {""} for text in listed))

    def message(self, body: bytes) -> str:
        return str(json.loads(body)["detail"])


class H2OText(H2O):
    """Every cell as text, as the original's own clients send them."""

    def write(self, rows: Sequence[Row]) -> bytes:
        table = _table(rows)
        table["rows"] = [["" if cell is None else _text(cell) for cell in row] for row in table["rows"]]
        return json.dumps(table).encode()


SPEAKERS: list[Speaker] = [Native(), NativeTable(), H2O(), H2OText()]


def _text(cell: Any) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _table(rows: Sequence[Row]) -> dict[str, Any]:
    fields = list(dict.fromkeys(name for row in rows for name in row))
    return {"fields": fields, "rows": [[row.get(field) for field in fields] for row in rows]}
