"""From a model made elsewhere to a scoring pipeline."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from scoreline.core.errors import ModelRefused, ParityFailed
from scoreline.core.manifest import Manifest
from scoreline.core.schema import Label, Schema, Task
from scoreline.importing.artifact import artifact, file_digest
from scoreline.importing.columns import Fitted, fit_columns
from scoreline.importing.finding import Found, find_model
from scoreline.importing.kinds import WAYS_IN
from scoreline.importing.labels import labels_of, task_of
from scoreline.importing.messages import Opened
from scoreline.importing.original import CannotTake, Plan
from scoreline.importing.process import OriginalProcess
from scoreline.importing.proof import Proof, prove
from scoreline.importing.rows import made_rows
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
    """Types in a skops file."""
    pickles: bool = False
    """Whether the code in a pickle may run."""


class Converted(NamedTuple):
    """A scoring pipeline, ready to be written."""

    format: str
    manifest: Manifest
    members: dict[str, bytes]
    notes: tuple[str, ...]


class _Written(NamedTuple):
    graph: bytes
    proof: Proof


def convert(path: Path, sample: pl.DataFrame | None, wishes: Wishes) -> Converted:
    """Convert the model at ``path`` and prove that it scores ``sample``, and harder rows, as the original does.

    Without a sample, rows are made up of what the model, or an MLflow model's example, knows.
    Raises:
        NotFound: there is no such file.
        ModelRefused: it cannot be imported; the sentence says why, and what can.
        BadData, BadSetting: the sample or a wish does not fit the model.
        ParityFailed: no way of writing it scores as the original does.
    """
    with tempfile.TemporaryDirectory(prefix="scoreline-import-") as folder:
        found = find_model(path, Path(folder), pickles=wishes.pickles)
        found = found._replace(path=_readable(found.path, Path(folder)))
        with OriginalProcess(strict=found.kind == "pickle") as original:
            opened = original.open(found.path, found.kind, wishes.trusted)
            return _converted(path, found, original, opened, sample, wishes)


def _readable(path: Path, folder: Path) -> Path:
    """Return the file, or a copy where it is somebody else's: in a namespace of its own, root may not read it."""
    if path.stat().st_uid == os.geteuid():
        return path
    copied = folder / f"copy of {path.name}"
    shutil.copyfile(path, copied)
    return copied


def _converted(
    path: Path,
    found: Found,
    original: OriginalProcess,
    opened: Opened,
    sample: pl.DataFrame | None,
    wishes: Wishes,
) -> Converted:
    described = opened.described
    format_name = f"{found.within}: {described.format}" if found.within else described.format
    target = wishes.target or found.target or described.target
    types = dict(found.types) | dict(wishes.types)
    columns = wishes.columns or (
        found.columns if not described.named and len(found.columns) == len(described.features) else ()
    )
    rows_given = sample if sample is not None else found.example
    is_made = rows_given is None
    table = made_rows(described, columns, types) if rows_given is None else rows_given
    fitted = fit_columns(described, table, name=wishes.name, target=target, columns=columns, types=types)
    task = task_of(described, wishes.task, len(wishes.labels))
    labels, guess = labels_of(described, task, wishes.labels, fitted.dataset, target)
    rows = Decoder(fitted.schema).frame(fitted.dataset.frame.select(fitted.schema.names)).rows
    written = _write(original, opened.n_variants, fitted, task, labels, rows)
    notes = [*described.notes, *([guess] if guess else []), *written.proof.notes]
    if is_made:
        notes.append("no sample was given: it was proved on rows that were made up, and nothing is known for drift")
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
        is_made=is_made,
        settings={"imported": format_name, "file": path.name, "digest": file_digest(path), "notes": notes},
        libraries=described.libraries,
    )
    return Converted(format_name, manifest, members, tuple(notes))


def _write(
    original: OriginalProcess, n_variants: int, fitted: Fitted, task: Task, labels: tuple[Label, ...], rows: Rows
) -> _Written:
    """Write the graph in the way that scores as the original does and takes most rows; of equals in the first."""
    schema = fitted.schema
    best: _Written | None = None
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
            proof = prove(original, Graph(built.graph), schema, task, rows, built.thresholds)
        except CannotTake as error:
            raise ModelRefused(f"the original refuses rows that it should score: {error}") from None
        except (ParityFailed, ModelRefused) as error:
            refused = error
            continue
        if best is None or proof.n_differ < best.proof.n_differ:
            best = _Written(built.graph, proof)
        if not best.proof.n_differ:
            break
    if best is None:
        raise refused or ModelRefused("nobody knows how to write it as a graph", hint=WAYS_IN)
    return best


def _required(schema: Schema, names: frozenset[str]) -> Schema:
    return Schema(
        tuple(replace(column, required=True) if column.name in names else column for column in schema.columns)
    )
