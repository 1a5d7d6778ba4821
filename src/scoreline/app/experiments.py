"""Use cases of experiments: run one, look at those that ran."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scoreline.app.settings import App
from scoreline.core.entities import Version
from scoreline.core.errors import ScorelineError
from scoreline.registry.names import check_name, missing, suggest_name

if TYPE_CHECKING:
    from scoreline.automl.events import Event
    from scoreline.automl.result import ExperimentResult
    from scoreline.automl.settings import ExperimentSettings
    from scoreline.data import Dataset

RESULT = "result.json"


class Outcome(NamedTuple):
    """An experiment that ended well."""

    id: str
    folder: Path
    result: ExperimentResult
    version: Version | None
    """The version it was registered as."""

    def to_json(self) -> dict[str, Any]:
        """Return the result's document with the experiment's id and the version."""
        version = None if self.version is None else {"model": self.version.model, "number": self.version.number}
        return {"experiment": self.id, "status": "finished", "version": version, **self.result.to_json()}


def experiment(
    app: App,
    data: Path,
    settings: ExperimentSettings,
    *,
    test: Path | None = None,
    model: str | None = None,
    register: bool = True,
    promote: bool | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Outcome:
    """Learn from the table at ``data``, write a scoring pipeline, register it as a version of ``model``.

    ``model`` is by default the experiment's name, which is by default the table's. Everything is kept under
    ``HOME/experiments/<id>/``: the file ``*.scoreline`` and ``result.json``, which holds the reason when it failed.
    Test rows are read with the types of the training rows.
    Raises BadData, BadSetting, ExperimentFailed, ParityFailed.
    """
    from scoreline.automl.experiment import run_experiment

    name = settings.name or data.resolve().name.split(".")[0] or "dataset"
    model = check_name("model", model or suggest_name(name) or "model")
    if register:
        app.registry.change_counter()  # a store that cannot be used is found before the time is spent
    started_at = datetime.now(UTC)
    identity = f"{started_at:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    folder = app.experiments_folder / identity
    folder.mkdir(parents=True)
    record = {"experiment": identity, "name": name, "data": str(data), "started_at": started_at.isoformat()}
    try:
        dataset, test_dataset = _tables(data, test, settings, name)
        output = folder / f"{model}.scoreline"
        result = run_experiment(
            dataset, settings, test=test_dataset, output=output, identity=identity, on_event=on_event
        )
        version = app.registry.register(result.path, model, promote=promote) if register else None
    except BaseException as error:
        _write(folder, {**record, **_ending(error)})
        raise
    outcome = Outcome(identity, folder, result, version)
    _write(folder, {**record, **outcome.to_json()})
    return outcome


def experiments(app: App) -> list[dict[str, Any]]:
    """Return the results of all experiments, newest first.

    One that runs or was killed has the status ``unfinished``.
    """
    folders = sorted(app.experiments_folder.glob("*/"), reverse=True)
    return [_read(folder) for folder in folders]


def experiment_result(app: App, identity: str) -> dict[str, Any]:
    """Return the result of one experiment. Raises NotFound."""
    known = [folder.name for folder in app.experiments_folder.glob("*/")]
    if identity not in known:
        raise missing("experiment", identity, sorted(known, reverse=True))
    return _read(app.experiments_folder / identity)


def _tables(data: Path, test: Path | None, settings: ExperimentSettings, name: str) -> tuple[Dataset, Dataset | None]:
    from scoreline.data import make_dataset

    target, required = settings.target, settings.required
    dataset = make_dataset(data, name=name, types=settings.types, drop=settings.drop, target=target, required=required)
    if test is None:
        return dataset, None
    return dataset, make_dataset(test, name=f"{name} test", target=target, schema=dataset.schema)


def _ending(error: BaseException) -> dict[str, Any]:
    if isinstance(error, ScorelineError):
        return {"status": "failed", "code": error.code, "reason": str(error)}
    if isinstance(error, Exception):
        return {"status": "failed", "code": ScorelineError.code, "reason": f"{type(error).__name__}: {error}"}
    return {"status": "interrupted"}


def _write(folder: Path, content: dict[str, Any]) -> None:
    import msgspec

    temporary = folder / f".{RESULT}.part"
    with temporary.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / RESULT)


def _read(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / RESULT).read_bytes())
    except FileNotFoundError:
        return {"experiment": folder.name, "status": "unfinished"}
    return found
