"""Use case: a model made elsewhere becomes a scoring pipeline, and a version of a model."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scoreline.app.settings import App
from scoreline.core.entities import Version
from scoreline.core.errors import BadSetting
from scoreline.core.manifest import Manifest, Parity
from scoreline.core.schema import Task
from scoreline.registry.names import check_name, suggest_name

if TYPE_CHECKING:
    import polars as pl


class Imported(NamedTuple):
    """A model that was imported."""

    format: str
    """Of the original: ``ONNX``, ``LightGBM``, …"""
    path: Path
    """The scoring pipeline's file."""
    version: Version | None
    """The version it was registered as."""
    manifest: Manifest
    notes: tuple[str, ...]
    """What whoever uses it should know: guesses, and what the original does not take."""

    @property
    def parity(self) -> Parity:
        """How closely it scores as the original does."""
        return self.manifest.parity

    def to_json(self) -> dict[str, Any]:
        """Return it as a document."""
        found = self.version
        return {
            "format": self.format,
            "path": str(self.path),
            "id": self.manifest.id,
            "version": None if found is None else {"model": found.model, "number": found.number},
            "task": self.manifest.task,
            "target": self.manifest.target,
            "labels": self.manifest.labels,
            "columns": self.manifest.schema.columns,
            "parity": self.manifest.parity,
            "notes": self.notes,
        }


def import_model(
    app: App,
    path: Path,
    *,
    sample: Path | str | pl.DataFrame | None = None,
    name: str | None = None,
    target: str | None = None,
    labels: Sequence[str] = (),
    task: Task | None = None,
    columns: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    trusted: Sequence[str] = (),
    trust_pickle: bool = False,
    output: Path | None = None,
    register: bool = True,
    promote: bool | None = None,
) -> Imported:
    """Convert the model at ``path``, prove it on ``sample``, write it and register it.

    Args:
        path: ONNX, LightGBM's text, XGBoost's JSON or UBJSON, a skops file, an MLflow model's folder or archive.
        sample: rows as the model scores them, with or without ``target``: a table's file, or a frame. Without it the
            proof is on rows that are made up.
        name: of the scoring pipeline and its model; by default the file's.
        labels: classes in the order of the model's probabilities, where it does not name them.
        columns: the sample's names of the model's columns, in the model's order, where names do not tell.
        types: column → type, where the sample alone does not tell.
        trusted: types in a skops file that are trusted beside those that skops trusts.
        trust_pickle: the code in a pickle may run, where the setting ``allow_pickle`` says so too.
        output: where the file is written; by default it is kept in the registry only.

    Raises NotFound, ModelRefused, ParityFailed, BadData, BadSetting, MissingExtra.
    """
    from scoreline.data import read_table
    from scoreline.importing.conversion import Wishes, convert
    from scoreline.scoring.archive import write_archive

    model = check_name("model", name or suggest_name(path.resolve().name.split(".")[0]) or "model")
    if trust_pickle and not app.settings.allow_pickle:
        raise BadSetting(
            "--trust: the code in pickles may not run here",
            hint="an administrator allows it: SCORELINE_ALLOW_PICKLE=on",
        )
    if output is None and not register:
        raise BadSetting("--no-register keeps nothing without a file", hint="say where it goes: -o model.scoreline")
    wishes = Wishes(
        name=model,
        target=target,
        labels=tuple(labels),
        task=task,
        columns=tuple(columns),
        types=dict(types or {}),
        trusted=tuple(trusted),
        pickles=trust_pickle,
    )
    rows = read_table(sample) if isinstance(sample, Path | str) else sample
    converted = convert(path, rows, wishes)
    with tempfile.TemporaryDirectory(prefix="scoreline-") as folder:
        file = output or Path(folder) / f"{model}.scoreline"
        manifest = write_archive(file, converted.manifest, converted.members)
        version = app.registry.register(file, model, promote=promote) if register else None
    kept = output or (app.registry.artifact(manifest.id) if version else file)
    return Imported(converted.format, kept, version, manifest, converted.notes)
