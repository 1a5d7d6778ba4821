"""What the process of an original is asked, and what it answers.

MessagePack, never pickle: the process may have run a stranger's code, and its answers are read like any stranger's.
"""

from __future__ import annotations

import struct
from typing import IO

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.importing.original import Described, Plan
from scoreline.scoring.rows import Rows

LENGTH = struct.Struct(">Q")
"""Before each message stands its length in bytes."""
LARGEST_ANSWER_BYTES = 2 << 30


class Open(msgspec.Struct, frozen=True, tag=True):
    """The first request."""

    path: str
    format: str
    trusted: tuple[str, ...] = ()
    """Types of a skops file that may be made, beside those that skops itself trusts."""


class Build(msgspec.Struct, frozen=True, tag=True):
    """Write the graph."""

    plan: Plan


class Score(msgspec.Struct, frozen=True, tag=True):
    """Score rows by the plan that was built last."""

    numbers: bytes
    n_rows: int
    n_numbers: int
    texts: list[list[str]]

    @classmethod
    def of(cls, rows: Rows) -> Score:
        numbers = np.ascontiguousarray(rows.numbers, np.float64)
        return cls(numbers.tobytes(), len(rows), numbers.shape[1], rows.texts.tolist())

    def rows(self) -> Rows:
        """Give the rows back."""
        numbers = np.frombuffer(self.numbers, np.float64).reshape(self.n_rows, self.n_numbers)
        texts = np.empty((self.n_rows, len(self.texts[0]) if self.texts else 0), object)
        texts[:] = self.texts
        return Rows(numbers, texts)


class Opened(msgspec.Struct, frozen=True, tag=True):
    """The answer to ``Open``."""

    described: Described
    n_variants: int


class Built(msgspec.Struct, frozen=True, tag=True):
    """The answer to ``Build``."""

    graph: bytes
    thresholds: dict[int, list[float]]


class Scored(msgspec.Struct, frozen=True, tag=True):
    """The answer to ``Score``."""

    values: bytes
    shape: tuple[int, ...]

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> Scored:
        return cls(np.ascontiguousarray(values, np.float64).tobytes(), values.shape)

    def array(self) -> npt.NDArray[np.float64]:
        """Give the values back."""
        return np.frombuffer(self.values, np.float64).reshape(self.shape)


class Refused(msgspec.Struct, frozen=True, tag=True):
    """A request that was not done, and why."""

    reason: Reason
    message: str
    hint: str = ""


Reason = str
"""``rows``: the original does not take these rows; else the code of an error."""
ROWS: Reason = "rows"

Request = Open | Build | Score
Answer = Opened | Built | Scored | Refused

_encode = msgspec.msgpack.Encoder().encode


def write(stream: IO[bytes], message: Request | Answer) -> None:
    """Write a message."""
    body = _encode(message)
    stream.write(LENGTH.pack(len(body)) + body)
    stream.flush()
