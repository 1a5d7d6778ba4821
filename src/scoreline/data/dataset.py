"""Dataset: an immutable table with a schema and a digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoreline.core.schema import Schema
from scoreline.data.digest import digest_of
from scoreline.data.origin import Finding


@dataclass(frozen=True)
class Dataset:
    """A snapshot of a table: rows of canonical types, and what was learned in making it.

    Attributes:
        frame: number Float64, boolean Boolean, datetime Datetime[µs] in UTC without a zone, category and text String;
            missing is null.
        schema: the columns of ``frame``, the target among them.
        excluded: column → why it is not in ``frame``.
        source: the path or name that the rows came from.
        findings: what only the raw table showed; ``check`` reports it.
    """

    name: str
    frame: pl.DataFrame
    schema: Schema
    excluded: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def n_rows(self) -> int:
        return len(self.frame)

    @cached_property
    def digest(self) -> str:
        """``sha256:…`` over column names, types and values."""
        return digest_of(self.frame)

    def without(self, columns: Iterable[str]) -> Dataset:
        """Leave out ``columns``."""
        gone = set(columns)
        kept = tuple(column for column in self.schema.columns if column.name not in gone)
        return replace(
            self,
            frame=self.frame.select([column.name for column in kept]),
            schema=Schema(columns=kept),
            findings=tuple(finding for finding in self.findings if finding.column not in gone),
        )

    def take(self, indices: Sequence[int] | NDArray[np.integer]) -> Dataset:
        """Keep the rows at ``indices``, in that order."""
        return replace(self, frame=self.frame[np.asarray(indices, np.int64)])

    def with_findings(self, *findings: Finding) -> Dataset:
        """Add ``findings`` to what is known of the table."""
        return replace(self, findings=(*self.findings, *findings))
