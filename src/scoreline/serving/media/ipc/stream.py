"""The messages of an Arrow stream: a schema, dictionaries, record batches."""

from __future__ import annotations

import struct
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from scoreline.serving.media.ipc.columns import Dictionary, NotUnicode, Part, Room, join, read_part
from scoreline.serving.media.ipc.flat import Malformed, Table
from scoreline.serving.media.ipc.schema import READABLE, Field, Type, read_fields

FILE_MAGIC = b"ARROW1\0\0"
"""Begins a file, which is a stream with a table of contents behind it."""
N_MESSAGES = 10_000
FEW_MESSAGES = 64
N_ADDITIONS = 100
"""How often dictionaries may grow: each time they are copied."""
N_SCHEMAS_KEPT = 64
LONGEST_KEPT_BYTES = 1 << 16
OLDEST_VERSION = 3
SCHEMA, DICTIONARY, RECORDS = 1, 2, 3
_HEAD = struct.Struct("<i")
_NEW_STYLE = -1


class Compressed(Exception):
    """The buffers are compressed, which is not read here."""


class Columns(NamedTuple):
    """The table of a stream."""

    fields: Sequence[Field]
    parts: dict[int, list[Part]]
    """Of each field that was asked for and can be read."""
    n_rows: int

    def among(self, names: Sequence[str], n_rows: int) -> Columns:
        """Return these columns among others that have only names."""
        own = {field.name: j for j, field in enumerate(self.fields)}
        places = [own.get(name) for name in names]
        fields = [_named(name) if j is None else self.fields[j] for name, j in zip(names, places, strict=True)]
        parts = {place: self.parts[j] for place, j in enumerate(places) if j in self.parts}
        return Columns(fields, parts, n_rows)


def read_stream(data: bytes, wanted: Container[str], room: Room) -> Columns:
    """Read the columns whose names are ``wanted``. Raises Malformed, Compressed, and Overflow beyond ``room``."""
    fields: Sequence[Field] | None = None
    kept = _Kept(room)
    parts: dict[int, list[Part]] = {}
    n_rows = 0
    for metadata, body in _messages(data):
        kind, header = _header(metadata)
        if kind == SCHEMA and fields is None:
            fields = _fields(metadata) if len(metadata) <= LONGEST_KEPT_BYTES else read_fields(header)
            parts = {j: [] for j, field in enumerate(fields) if field.name in wanted and field.type.kind in READABLE}
            kept.want([fields[j] for j in parts])
        elif fields is None:
            raise Malformed("it does not begin with a schema")
        elif kind == DICTIONARY:
            kept.add(header, body)
        elif kind == RECORDS:
            room.take_rows(_length(header))
            try:
                for j, part in _read_batch(header, body, fields, parts, kept.dictionaries, room):
                    parts[j].append(part)
            except NotUnicode as error:
                raise NotUnicode(n_rows + error.i, error.column) from None
            n_rows += _length(header)
        else:
            raise Malformed("it holds a message that belongs to no table")
    if fields is None:
        raise Malformed("it is empty")
    return Columns(fields, parts, n_rows)


def _named(name: str) -> Field:
    return Field(name, Type("null"), None, "", 1, 0, 0)


def has_few_rows(data: bytes, few: int) -> bool:
    """Whether a stream has few rows, few messages, and nothing that is compressed. A damaged one may have."""
    n_rows = n_messages = 0
    try:
        for metadata, _ in _messages(data):
            kind, header = _header(metadata)
            batch = header.table(1) if kind == DICTIONARY else header
            if kind != SCHEMA and batch is not None and batch.table(3) is not None:
                return False
            n_messages += 1
            n_rows += _length(header) if kind == RECORDS else 0
            if n_rows > few or n_messages > FEW_MESSAGES:
                return False
    except Malformed:
        return True
    return True


class _Kept:
    """The dictionaries that came so far, of the columns that are read."""

    def __init__(self, room: Room) -> None:
        self.dictionaries: dict[int, Dictionary] = {}
        self._fields: dict[int, Field] = {}
        self._room = room
        self._n_additions = 0

    def want(self, fields: Iterable[Field]) -> None:
        self._fields = {field.dictionary: field.values for field in fields if field.dictionary is not None}

    def add(self, header: Table, body: memoryview) -> None:
        identity, batch = header.number(0, "q"), header.table(1)
        field = self._fields.get(identity)
        if field is None:
            return
        if batch is None:
            raise Malformed("a dictionary is empty")
        if _length(batch) > min(8 * len(body), self._room.rows):
            raise Malformed("a dictionary has fewer values than it says")
        try:
            [(_, part)] = _read_batch(batch, body, [field], (0,), {}, self._room)
        except NotUnicode as error:
            raise Malformed(f"a text in the dictionary of column `{error.column}` is not UTF-8") from None
        if header.number(2, "?") and identity in self.dictionaries:
            self._n_additions += 1
            if self._n_additions > N_ADDITIONS:
                raise Malformed("its dictionaries grow too often: write them whole")
            part = join([self.dictionaries[identity].part, part])
        self.dictionaries[identity] = Dictionary.of(part)


@lru_cache(N_SCHEMAS_KEPT)
def _fields(metadata: bytes) -> tuple[Field, ...]:
    """Read the schema that a caller sends with each table; it takes longer than a few rows."""
    return read_fields(_header(metadata)[1])


def _header(metadata: bytes) -> tuple[int, Table]:
    message = Table.root(metadata)
    header = message.table(2)
    if header is None or message.number(0, "h") < OLDEST_VERSION:
        raise Malformed("it is of a version before Arrow 0.8")
    return message.number(1, "B"), header


def _messages(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view = memoryview(data)
    at = len(FILE_MAGIC) if data.startswith(FILE_MAGIC) else 0
    for _ in range(N_MESSAGES):
        if at == len(data):
            return
        size, at = _size(data, at)
        if size == _NEW_STYLE:
            size, at = _size(data, at)
        if not size:
            return
        if not 0 < size <= len(data) - at:
            raise Malformed("it ends too soon")
        metadata = data[at : at + size]
        at += size
        length = Table.root(metadata).number(3, "q")
        if not 0 <= length <= len(data) - at:
            raise Malformed("it ends too soon")
        yield metadata, view[at : at + length]
        at += length
    raise Malformed(f"it has more than {N_MESSAGES:,} record batches: write larger ones")


def _size(data: bytes, at: int) -> tuple[int, int]:
    if at + _HEAD.size > len(data):
        raise Malformed("it ends too soon")
    return _HEAD.unpack_from(data, at)[0], at + _HEAD.size


def _length(batch: Table) -> int:
    n = batch.number(0, "q")
    if n < 0:
        raise Malformed("a record batch has a negative number of rows")
    return n


def _read_batch(
    header: Table,
    body: memoryview,
    fields: Sequence[Field],
    chosen: Container[int],
    dictionaries: Mapping[int, Dictionary],
    room: Room,
) -> Iterator[tuple[int, Part]]:
    if header.table(3) is not None:
        raise Compressed
    n, nodes, places = _length(header), header.numbers(1, 2).tolist(), header.numbers(2, 2).tolist()
    variadic: list[int] = header.numbers(4, 1)[:, 0].tolist()
    if not _within(places, len(body)) or min(variadic, default=0) < 0:
        raise Malformed("a column lies outside of its record batch")
    node = buffer = view = 0
    for j, field in enumerate(fields):
        n_buffers = field.n_buffers
        if field.n_views:
            n_buffers += sum(variadic[view : view + field.n_views])
        if j in chosen:
            if buffer + n_buffers > len(places) or view + field.n_views > len(variadic):
                raise Malformed("a column has fewer parts than it should")
            if node >= len(nodes) or nodes[node][0] != n:
                raise Malformed("a column has another number of rows than its record batch")
            own = [body[start : start + size] for start, size in places[buffer : buffer + n_buffers]]
            try:
                yield j, read_part(field, n, nodes[node][1], own, dictionaries, room)
            except NotUnicode as error:
                raise NotUnicode(error.i, field.name) from None
        node, buffer, view = node + field.n_nodes, buffer + n_buffers, view + field.n_views


def _within(places: list[list[int]], size: int) -> bool:
    return all(start >= 0 and length >= 0 and start + length <= size for start, length in places)
