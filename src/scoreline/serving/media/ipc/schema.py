"""The columns of an Arrow stream: which there are, and how many parts each has in a record batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from scoreline.serving.media.ipc.flat import Malformed, Table

T = TypeVar("T")

N_FIELDS = 1 << 16
"""More are not read: a small message may name the same ones again and again."""
DEEPEST = 64
WIDTHS = (8, 16, 32, 64)
UNITS = ("s", "ms", "us", "ns")
KINDS = {
    1: "null",
    2: "int",
    3: "float",
    4: "binary",
    5: "utf8",
    6: "bool",
    7: "decimal",
    8: "date",
    9: "time",
    10: "timestamp",
    11: "interval",
    12: "list",
    13: "struct",
    14: "union",
    15: "fixed-size binary",
    16: "fixed-size list",
    17: "map",
    18: "duration",
    19: "large binary",
    20: "large utf8",
    21: "large list",
    22: "run-end encoded",
    23: "binary view",
    24: "utf8 view",
    25: "list view",
    26: "large list view",
}
TEXTS = frozenset({"utf8", "large utf8", "utf8 view"})
READABLE = TEXTS | {"null", "int", "float", "bool", "decimal", "date", "time", "timestamp", "duration"}
VIEWS = frozenset({"binary view", "utf8 view"})
N_BUFFERS = {"null": 0, "run-end encoded": 0, "struct": 1, "fixed-size list": 1} | dict.fromkeys(
    ("binary", "utf8", "large binary", "large utf8", "list view", "large list view"), 3
)
"""Of a column itself, without those of its children; where nothing is said, two."""


class Type(NamedTuple):
    """What the values of a column are."""

    kind: str
    dtype: str = ""
    """Of values of a fixed width."""
    unit: str = ""
    zone: str = ""
    scale: int = 0
    """Decimal digits after the point."""


class Field(NamedTuple):
    """A column, and what it takes up in a record batch."""

    name: str
    type: Type
    dictionary: int | None
    """Where its values are kept, if the column holds only their places in a dictionary."""
    places: str
    """Of a column with a dictionary: the type of those places."""
    n_nodes: int
    n_buffers: int
    n_views: int
    """Parts whose number of buffers each record batch says for itself."""

    @property
    def values(self) -> Field:
        """The field as it stands in the batches of its dictionary."""
        kind = self.type.kind
        return self._replace(dictionary=None, n_buffers=N_BUFFERS.get(kind, 2), n_views=int(kind in VIEWS))


def read_fields(schema: Table) -> tuple[Field, ...]:
    """Read the columns of a schema. Raises Malformed."""
    if schema.number(0, "h"):
        raise Malformed("its numbers are big-endian: write them little-endian")
    count = [0]
    return tuple(_read_field(field, count, 0) for field in schema.tables(1))


def _read_field(field: Table, count: list[int], depth: int) -> Field:
    count[0] += 1
    if count[0] > N_FIELDS or depth > DEEPEST:
        raise Malformed("its schema has too many fields")
    type_ = _read_type(KINDS.get(field.number(2, "B"), "unknown"), field.table(3))
    name, encoding = field.text(0), field.table(4)
    if encoding is not None:
        places = encoding.table(1)
        width, signed = (32, True) if places is None else (places.number(0, "i"), bool(places.number(1, "?")))
        return Field(name, type_, encoding.number(0, "q"), _integer(width, signed=signed), 1, 2, 0)
    children = [_read_field(child, count, depth + 1) for child in field.tables(5)]
    n_buffers = N_BUFFERS.get(type_.kind, 2)
    if type_.kind == "union":
        n_buffers = 2 if type_.unit == "dense" else 1
    return Field(
        name,
        type_,
        None,
        "",
        1 + sum(child.n_nodes for child in children),
        n_buffers + sum(child.n_buffers for child in children),
        (type_.kind in VIEWS) + sum(child.n_views for child in children),
    )


def _read_type(kind: str, type_: Table | None) -> Type:
    if type_ is None:
        raise Malformed("a field has no type")
    if kind == "int":
        width, signed = type_.number(0, "i"), bool(type_.number(1, "?"))
        return Type(kind, _integer(width, signed=signed)) if width in WIDTHS else Type(f"{width}-bit integers")
    if kind == "float":
        return Type(kind, _known({0: "<f2", 1: "<f4", 2: "<f8"}, type_.number(0, "h")))
    if kind == "decimal":
        width = type_.number(2, "i", 128)
        if width not in (32, 64, 128, 256):
            raise Malformed(f"decimals have {width} bits")
        return Type(kind, f"V{width // 8}", scale=type_.number(1, "i"))
    if kind == "date":
        dtype, unit = _known({0: ("<i4", "days"), 1: ("<i8", "ms")}, type_.number(0, "h", 1))
        return Type(kind, dtype, unit)
    if kind == "time":
        unit = _known(dict(enumerate(UNITS)), type_.number(0, "h", 1))
        return Type(kind, _known({32: "<i4", 64: "<i8"}, type_.number(1, "i", 32)), unit)
    if kind == "timestamp":
        return Type(kind, "<i8", _known(dict(enumerate(UNITS)), type_.number(0, "h")), type_.text(1))
    if kind == "duration":
        return Type(kind, "<i8", _known(dict(enumerate(UNITS)), type_.number(0, "h", 1)))
    if kind == "union":
        return Type(kind, unit="dense" if type_.number(0, "h") else "sparse")
    if kind == "unknown":
        raise Malformed("a field has a type that is not known here")
    return Type(kind)


def _integer(width: int, *, signed: bool) -> str:
    if width not in WIDTHS:
        raise Malformed(f"places in a dictionary have {width} bits")
    return f"<{'i' if signed else 'u'}{width // 8}"


def _known(of: Mapping[int, T], key: int) -> T:
    if key not in of:
        raise Malformed("a type has parameters that are not known here")
    return of[key]
