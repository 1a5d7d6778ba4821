"""From a model made elsewhere to a scoring pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from msgspec.structs import replace

from scoreline.core.errors import ModelRefused, ParityFailed
from scoreline.core.manifest import Manifest
from scoreline.core.schema import Label, Schema, Task
from scoreline.importing.artifact import artifact, file_digest
from scoreline.importing.columns import Fitted, fit_columns
from scoreline.importing.kinds import WAYS_IN, kind_of
from scoreline.importing.labels import labels_of, task_of
from scoreline.importing.original import Described, Plan
from scoreline.importing.process import OriginalProcess
from scoreline.importing.proof import Proof, prove
from scoreline.scoring.decode import Decoder
from scoreline.scoring.graph import Graph
from scoreline.scoring.rows import Rows

TARGET = "target"
"""What a model predicts that says nothing about it."""


class Wishes(NamedTuple):
    """What whoever imports a model knows of it."""

    name: str
    target: str | None = None
    labels: tuple[str, ...] = ()
    task: Task | None = None
    columns: tuple[str, ...] = ()
    """The model's columns in its own order, as the sample calls them."""
    types: Mapping[str, str] = {}
    trusted: tuple[str, ...] = ()


class Converted(NamedTuple):
    """A scoring pipeline, ready to be written."""

    format: str
    manifest: Manifest
    members: dict[str, bytes]
    notes: tuple[str, ...]


class _Written(NamedTuple):
    graph: bytes
    proof: Proof


def convert(path: Path, sample: pl.DataFrame, wishes: Wishes) -> Converted:
    """Convert the model at ``path`` and prove that it scores ``sample``, and harder rows, as the original does.

    Raises:
        NotFound: there is no such file.
        ModelRefused: it cannot be imported; the sentence says why, and what can.
        BadData, BadSetting: the sample or a wish does not fit the model.
        ParityFailed: no way of writing it scores as the original does.
    """
    kind = kind_of(path)
    if kind == "pickle":
        raise ModelRefused(f"{path.name} is a pickle, and loading one runs whatever code is in it", hint=WAYS_IN)
    with OriginalProcess() as original:
        opened = original.open(path, kind, wishes.trusted)
        described = opened.described
        target = wishes.target or described.target
        fitted = fit_columns(
            described, sample, name=wishes.name, target=target, columns=wishes.columns, types=wishes.types
        )
        task = task_of(described, wishes.task, len(wishes.labels))
        labels, guess = labels_of(described, task, wishes.labels, fitted.dataset, target)
        rows = Decoder(fitted.schema).frame(fitted.dataset.frame.select(fitted.schema.names)).rows
        written = _write(original, opened.n_variants, fitted, task, labels, rows)
    notes = (*described.notes, *([guess] if guess else []), *written.proof.notes)
    manifest, members = artifact(
        name=wishes.name,
        task=task,
        target=target or TARGET,
        labels=labels,
        schema=_required(fitted.schema, written.proof.required),
        dataset=fitted.dataset,
        rows=rows,
        graph_bytes=written.graph,
        parity=written.proof.parity,
        settings=_lineage(path, described, notes),
        libraries=described.libraries,
    )
    return Converted(described.format, manifest, members, notes)


def _write(
    original: OriginalProcess, n_variants: int, fitted: Fitted, task: Task, labels: tuple[Label, ...], rows: Rows
) -> _Written:
    """Write the graph in the first way that scores as the original does."""
    schema = fitted.schema
    refused: ParityFailed | ModelRefused | None = None
    for variant in range(n_variants):
        plan = Plan(
            sources=fitted.sources,
            n_numbers=len(schema.numbers),
            n_texts=len(schema.texts),
            task=task,
            labels=labels,
            variant=variant,
        )
        try:
            built = original.build(plan)
            return _Written(built.graph, prove(original, Graph(built.graph), schema, task, rows, built.thresholds))
        except (ParityFailed, ModelRefused) as error:
            refused = refused or error
    raise refused or ModelRefused("nobody knows how to write it as a graph", hint=WAYS_IN)


def _required(schema: Schema, names: frozenset[str]) -> Schema:
    return Schema(
        tuple(replace(column, required=True) if column.name in names else column for column in schema.columns)
    )


def _lineage(path: Path, described: Described, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "imported": described.format,
        "file": path.name,
        "digest": file_digest(path),
        "notes": list(notes),
    }
