"""Headers: what the runs of a segment belong to, so that it can be read when registry and artifact are gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from scoreline.core.entities import LogSettings
from scoreline.core.manifest import Output
from scoreline.core.schema import Column, ColumnType, Label
from scoreline.serving.active import Active

RECORD_COLUMNS = (
    "time",
    "request_id",
    "row",
    "model",
    "version",
    "latency_ms",
    "caller",
    "key",
    "trace",
    "shadow",
    "dialect",
)
"""What every record has, beside the columns of its scoring pipeline."""
PARTITIONS = ("deployment", "date")
"""Columns that tables have by their place."""


class StoredColumn(msgspec.Struct, frozen=True, array_like=True):
    """A column of a block that is stored."""

    name: str
    type: ColumnType


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What answered: a version of a deployment, its columns and its outputs."""

    deployment: str
    """As the log calls it: ``Active.log_name``."""
    model: str
    version: int
    digest: str
    shadow: bool
    """Whether nobody was given these answers."""
    numbers: tuple[StoredColumn, ...]
    """Columns of the ``numbers`` block that are stored, float64."""
    texts: tuple[StoredColumn, ...]
    outputs: tuple[Output, ...]
    labels: tuple[Label, ...]
    values: str
    """dtype of the values, as NumPy writes it."""

    def names(self) -> tuple[list[str], list[str], list[str]]:
        """Return what columns of numbers, texts and outputs are called in a table.

        An input named as something every record has gets ``.input`` after its name; a prediction, ``.predicted``.
        """
        taken = {*RECORD_COLUMNS, *PARTITIONS}
        numbers = _free((column.name for column in self.numbers), taken, ".input")
        texts = _free((column.name for column in self.texts), taken, ".input")
        return numbers, texts, _free((output.name for output in self.outputs), taken, ".predicted")


def make_header(active: Active, settings: LogSettings, *, shadow: bool, values: str) -> Header:
    """Describe what ``active`` answers, without the columns that are hidden."""
    manifest = active.pipeline.manifest
    hidden = frozenset(settings.hidden)
    return Header(
        deployment=active.log_name,
        model=active.model,
        version=active.version,
        digest=active.digest,
        shadow=shadow,
        numbers=_stored(manifest.schema.numbers, hidden),
        texts=_stored(manifest.schema.texts, hidden),
        outputs=manifest.outputs,
        labels=manifest.labels,
        values=values,
    )


def _stored(columns: Sequence[Column], hidden: frozenset[str]) -> tuple[StoredColumn, ...]:
    return tuple(StoredColumn(column.name, column.type) for column in columns if column.name not in hidden)


def _free(names: Iterable[str], taken: set[str], suffix: str) -> list[str]:
    found = []
    for name in names:
        while name in taken:
            name += suffix
        taken.add(name)
        found.append(name)
    return found
