"""How a caller of each dialect, in each medium, writes rows and reads answers. A new one is an entry in SPEAKERS."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

Row = Mapping[str, Any]
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"


class Told(NamedTuple):
    """What an answer says of columns."""

    ignored: set[str]
    absent: set[str]


class Speaker(Protocol):
    """A caller of dialect ``name``. ``path`` holds ``{name}``; ``headers`` tell the medium of rows and answers."""

    name: str
    path: str
    headers: Mapping[str, str]

    def write(self, rows: Sequence[Row]) -> bytes: ...

    def scores(self, body: bytes) -> list[list[float]]: ...

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told: ...

    def message(self, body: bytes) -> str: ...


class Native:
    name = "native"
    path = "/api/v1/deployments/{name}/score"
    headers: ClassVar[Mapping[str, str]] = {"content-type": "application/json"}

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
    headers: ClassVar[Mapping[str, str]] = {"content-type": "application/json"}

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


class NativeMsgpack(Native):
    headers: ClassVar[Mapping[str, str]] = {"content-type": "application/msgpack", "accept": "application/msgpack"}

    def write(self, rows: Sequence[Row]) -> bytes:
        return msgspec.msgpack.encode({"rows": [{name: _within_64_bits(row[name]) for name in row} for row in rows]})

    def scores(self, body: bytes) -> list[list[float]]:
        return super().scores(msgspec.json.encode(msgspec.msgpack.decode(body)))

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told:
        return super().told(msgspec.json.encode(msgspec.msgpack.decode(body)), headers)


class NativeCsv(Native):
    headers: ClassVar[Mapping[str, str]] = {"content-type": "text/csv; charset=utf-8", "accept": "text/csv"}

    def write(self, rows: Sequence[Row]) -> bytes:
        file = io.StringIO()
        csv.writer(file).writerows([_table(rows)["fields"], *_table(rows)["rows"]])
        return file.getvalue().encode()

    def scores(self, body: bytes) -> list[list[float]]:
        header, *rows = csv.reader(io.StringIO(body.decode()))
        return [[float(cell) for cell in _without_label(header, row)] for row in rows]

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told:
        return H2O().told(body, headers)


class NativeArrow(NativeCsv):
    headers: ClassVar[Mapping[str, str]] = {"content-type": ARROW, "accept": f"{ARROW}, application/json;q=0.5"}

    def write(self, rows: Sequence[Row]) -> bytes:
        table = _arrow(rows)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        return sink.getvalue().to_pybytes()

    def scores(self, body: bytes) -> list[list[float]]:
        return _scores_of(pa.ipc.open_stream(body).read_all())


class NativeParquet(NativeCsv):
    headers: ClassVar[Mapping[str, str]] = {"content-type": PARQUET, "accept": PARQUET}

    def write(self, rows: Sequence[Row]) -> bytes:
        sink = pa.BufferOutputStream()
        pq.write_table(_arrow(rows), sink)
        return sink.getvalue().to_pybytes()

    def scores(self, body: bytes) -> list[list[float]]:
        return _scores_of(pq.read_table(pa.BufferReader(body)))


IN_JSON: list[Speaker] = [Native(), NativeTable(), H2O(), H2OText()]
SPEAKERS: list[Speaker] = [*IN_JSON, NativeMsgpack(), NativeCsv(), NativeArrow(), NativeParquet()]


def _within_64_bits(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63 else value


def _arrow(rows: Sequence[Row]) -> pa.Table:
    """A table; a column of values of several types is one of texts."""
    table = _table(rows)
    columns = {}
    for j, name in enumerate(table["fields"]):
        values = [_within_64_bits(row[j]) for row in table["rows"]]
        if len({type(value) for value in values} - {type(None)}) > 1:
            values = [None if value is None else _text(value) for value in values]
        columns[name] = pa.array(values)
    return pa.table(columns)


def _scores_of(table: pa.Table) -> list[list[float]]:
    table.validate(full=True)
    return [_without_label(table.column_names, row.values()) for row in table.to_pylist()]


def _without_label(names: Sequence[str], values: Any) -> list[Any]:
    return [value for name, value in zip(names, values, strict=True) if not name.endswith(".predicted")]


def _text(cell: Any) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _table(rows: Sequence[Row]) -> dict[str, Any]:
    fields = list(dict.fromkeys(name for row in rows for name in row))
    return {"fields": fields, "rows": [[row.get(field) for field in fields] for row in rows]}
