"""What an original is: a model made elsewhere, as its own runtime knows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.core.schema import Label, Task
from scoreline.scoring.rows import Rows

MOST_CHARACTERS = 160
"""Of what a library says, that a sentence of ours repeats."""
FeatureKind = Literal["number", "text", "any"]
"""``any``: the original does not say; what the sample holds is what it is."""


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One value that an original takes of a row."""

    name: str
    kind: FeatureKind
    levels: tuple[str, ...] | None = None
    """Text: the levels that the original knows; None: it does not say."""
    integer: bool = False
    """Every level is an integer code."""
    low: float | None = None
    high: float | None = None
    """Number: the range that the original was fitted on, where it says."""


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What an original says about itself."""

    format: str
    features: tuple[Feature, ...]
    named: bool
    """Whether the features have names of their own; else they are known by their order."""
    ordered: bool = True
    """Whether that order is the one of the table it was fitted on."""
    task: Task | None
    """None: its outputs can be more than one thing."""
    labels: tuple[Label, ...] | None = None
    """Classification: its classes, in the order of its probabilities, where it says."""
    n_labels: int | None = None
    target: str | None = None
    notes: tuple[str, ...] = ()
    """What whoever imports it should know."""
    libraries: dict[str, str] = {}


class Source(msgspec.Struct, frozen=True, array_like=True):
    """Where the value of a feature is in Rows."""

    block: Literal["numbers", "texts"]
    index: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of an original."""

    sources: tuple[Source, ...]
    """For each feature, in the original's order."""
    n_numbers: int
    n_texts: int
    task: Task
    labels: tuple[Label, ...] = ()
    variant: int = 0
    """Of an original that can be written in more than one way, which."""


class CannotTake(Exception):
    """An original refuses rows. ``str`` is what it says."""


class Original(Protocol):
    """A model made elsewhere, opened."""

    @property
    def described(self) -> Described: ...

    @property
    def n_variants(self) -> int:
        """Say in how many ways it can be written as a graph, the best first."""
        ...

    def graph(self, plan: Plan) -> bytes:
        """Write the graph of a scoring pipeline."""
        ...

    def thresholds(self, plan: Plan) -> Mapping[int, npt.NDArray[np.float64]]:
        """Index in the numbers block → values at which the model decides, where they are known."""
        ...

    def score(self, rows: Rows, plan: Plan) -> npt.NDArray[np.float64]:
        """Score rows with the original's own runtime: probabilities [n, c], or predictions [n].

        Raises CannotTake.
        """
        ...


def values_of(rows: Rows, source: Source) -> npt.NDArray[Any]:
    """Return the column of a feature."""
    column: npt.NDArray[Any] = getattr(rows, source.block)[:, source.index]
    return column


def first_line(error: Exception) -> str:
    """Return the beginning of what a library says."""
    line = str(error).strip().partition("\n")[0]
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"
