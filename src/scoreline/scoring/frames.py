"""Data frames by what they can do, so that none of their libraries is needed: polars, pandas, pyarrow.

Columns of a plain dtype come out as arrays; others come out as Python objects and are read value by value. Both ways
give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from scoreline.core.errors import SchemaMismatch

MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
PLAIN_NUMBERS = frozenset(f"{kind}{bits}" for kind in ("Int", "UInt") for bits in (8, 16, 32, 64)) | {
    "Float32",
    "Float64",
    "Boolean",
}
PLAIN_ARROW_NUMBERS = frozenset(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)) | {
    "float",
    "double",
    "bool",
}
ARROW_TEXTS = frozenset({"string", "large_string", "string_view"})
PANDAS_MISSING_TIME = np.iinfo(np.int64).min

FEWER_LEVELS = 8
"""So many times fewer texts than rows are few: each is read once, and not for every row that has it."""
NAN = float("nan")

Floats = npt.NDArray[np.float64]


class Levels(NamedTuple):
    """A column of few different texts."""

    texts: list[str | None]
    places: npt.NDArray[np.int64]
    """Which of them each row has."""


class Frame(Protocol):
    """A table by columns; a method gives None where the column's dtype is another, and ``objects`` always works.

    ``parsed`` gives the numbers of a column of texts, and the indices of the texts that were left unread.
    """

    names: list[str]
    n_rows: int

    def floats(self, j: int) -> Floats | None: ...
    def parsed(self, j: int) -> tuple[Floats, list[int]] | None: ...
    def seconds(self, j: int) -> Floats | None: ...
    def texts(self, j: int) -> list[str | None] | Levels | None: ...
    def objects(self, j: int) -> list[Any]: ...


def open_frame(frame: Any) -> Frame:
    """Wrap a polars or pandas data frame, or a pyarrow table or record batch.

    Raises:
        SchemaMismatch: it is something else.
    """
    library, name = type(frame).__module__.partition(".")[0], type(frame).__name__
    opener = OPENERS.get((library, name))
    if opener is None:
        raise SchemaMismatch(
            f"expected rows, found {library}.{name}" if library != "builtins" else f"expected rows, found {name}",
            hint="a dict, a list of dicts, a polars or pandas DataFrame, a pyarrow Table or RecordBatch",
        )
    return opener(frame)


class PolarsFrame:
    """A ``polars.DataFrame``."""

    def __init__(self, frame: Any) -> None:
        self._columns = frame.get_columns()
        self.names = frame.columns
        self.n_rows = frame.height

    def floats(self, j: int) -> Floats | None:
        column = self._columns[j]
        if str(column.dtype) not in PLAIN_NUMBERS:
            return None
        return np.array(column.cast(float).to_numpy(), dtype=np.float64)

    def parsed(self, j: int) -> tuple[Floats, list[int]] | None:
        column = self._columns[j]
        if str(column.dtype) != "String":
            return None
        # What polars takes for a number, Python's float takes for the same number; it takes less, and the rest is left.
        numbers = column.cast(float, strict=False)
        left = (numbers.is_null() & column.is_not_null()).arg_true().to_list()
        return np.array(numbers.to_numpy(), dtype=np.float64), left

    def seconds(self, j: int) -> Floats | None:
        column = self._columns[j]
        kind = type(column.dtype).__name__
        if kind not in ("Date", "Datetime"):
            return None
        ticks = column.to_physical().fill_null(0).to_numpy().astype(np.int64)
        if kind == "Date":
            return seconds_of_ticks(ticks * 86400, "s", column.is_null().to_numpy())
        return seconds_of_ticks(ticks, column.dtype.time_unit, column.is_null().to_numpy())

    def texts(self, j: int) -> list[str | None] | Levels | None:
        column = self._columns[j]
        if str(column.dtype) != "String":
            return None
        levels = column.unique()
        if len(levels) * FEWER_LEVELS >= self.n_rows:  # also where there are no rows
            found: list[str | None] = column.to_list()
            return found
        return Levels(levels.to_list(), column.replace_strict(levels, range(len(levels))).to_numpy())

    def objects(self, j: int) -> list[Any]:
        values: list[Any] = self._columns[j].to_list()
        return values


class PandasFrame:
    """A ``pandas.DataFrame``; its column names are taken as text."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.names = [str(name) for name in frame.columns]
        self.n_rows = len(frame)

    def floats(self, j: int) -> Floats | None:
        column = self._frame.iloc[:, j]
        if column.dtype.kind not in "iufb":
            return None
        if isinstance(column.dtype, np.dtype):
            return np.array(column, dtype=np.float64)
        return np.array(column.to_numpy(dtype=np.float64, na_value=np.nan))

    def parsed(self, j: int) -> tuple[Floats, list[int]] | None:
        return None

    def seconds(self, j: int) -> Floats | None:
        column = self._frame.iloc[:, j]
        if column.dtype.kind != "M" or not hasattr(column.dt, "unit"):
            return None
        ticks = np.asarray(column.astype("int64"))
        return seconds_of_ticks(ticks, column.dt.unit, ticks == PANDAS_MISSING_TIME)

    def texts(self, j: int) -> list[str | None] | None:
        return None

    def objects(self, j: int) -> list[Any]:
        values: list[Any] = self._frame.iloc[:, j].astype(object).tolist()
        return values


class ArrowFrame:
    """A ``pyarrow.Table`` or ``pyarrow.RecordBatch``."""

    def __init__(self, frame: Any) -> None:
        self._columns = frame.columns
        self.names = list(frame.schema.names)
        self.n_rows = frame.num_rows

    def floats(self, j: int) -> Floats | None:
        column = self._columns[j]
        if str(column.type) not in PLAIN_ARROW_NUMBERS:
            return None
        if str(column.type) == "bool":
            column = column.cast("uint8")
        return np.array(column.cast("float64", safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)

    def parsed(self, j: int) -> tuple[Floats, list[int]] | None:
        return None

    def seconds(self, j: int) -> Floats | None:
        column = self._columns[j]
        if not str(column.type).startswith("timestamp["):
            return None
        ticks = column.cast("int64").fill_null(0).to_numpy(zero_copy_only=False)
        return seconds_of_ticks(ticks, column.type.unit, column.is_null().to_numpy(zero_copy_only=False))

    def texts(self, j: int) -> list[str | None] | None:
        column = self._columns[j]
        found: list[str | None] | None = column.to_pylist() if str(column.type) in ARROW_TEXTS else None
        return found

    def objects(self, j: int) -> list[Any]:
        values: list[Any] = self._columns[j].to_pylist()
        return values


OPENERS: dict[tuple[str, str], Callable[[Any], Frame]] = {
    ("polars", "DataFrame"): PolarsFrame,
    ("pandas", "DataFrame"): PandasFrame,
    ("pyarrow", "Table"): ArrowFrame,
    ("pyarrow", "RecordBatch"): ArrowFrame,
}


def parsed_texts(texts: Sequence[str | None]) -> tuple[Floats, list[int]]:
    """Return the numbers of texts, and the indices of those that are left: no number, or not written as one here."""
    left = [i for i, text in enumerate(texts) if text and "_" in text] if _have_underscores(texts) else []
    try:
        numbers = [float(text) if text else NAN for text in texts]
    except ValueError:
        numbers = []
        for i, text in enumerate(texts):
            try:
                numbers.append(float(text) if text else NAN)
            except ValueError:
                numbers.append(NAN)
                left.append(i)
    return np.array(numbers, dtype=np.float64), left


def _have_underscores(texts: Sequence[str | None]) -> bool:
    """Whether one may be written in Python's own way, as 1_000."""
    try:
        return "_" in "".join(texts)  # type: ignore[arg-type]  # tried, because it is quick
    except TypeError:
        return True


def seconds_of_ticks(ticks: npt.NDArray[np.int64], unit: str, missing: npt.NDArray[np.bool_]) -> Floats:
    """Seconds since 1970 of whole ticks of a unit, as ``values.seconds`` adds them up."""
    if unit == "s":
        found = ticks.astype(np.float64)
    else:
        microseconds = ticks // 1_000 if unit == "ns" else ticks * MICROSECONDS[unit]
        found = (microseconds // 1_000_000).astype(np.float64) + (microseconds % 1_000_000) / 1e6
    found[missing] = np.nan
    return found
