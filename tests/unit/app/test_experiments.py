"""Experiments as a person runs them: real ones, of seconds, on a small table."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from scoreline.app import experiments, models
from scoreline.app.experiments import experiment
from scoreline.app.settings import App
from scoreline.automl.events import Event, Finished
from scoreline.automl.settings import ExperimentSettings
from scoreline.core.errors import BadData, BadSetting, NotFound, Unavailable


def write_table(path: Path, n_rows: int = 200, seed: int = 1) -> Path:
    """Loans: the higher the amount and the younger the applicant, the worse; with some noise."""
    draw = random.Random(seed)
    lines = ["age,amount,purpose,risk"]
    for _ in range(n_rows):
        age, amount = draw.randint(18, 80), draw.randint(100, 9999)
        bad = amount / 9999 - age / 80 + draw.gauss(0, 0.3) > 0
        lines.append(f"{age},{amount},{draw.choice(['car', 'radio'])},{'bad' if bad else 'good'}")
    path.write_text("\n".join(lines) + "\n")
    return path


def settings(**changes: object) -> ExperimentSettings:
    """One trial, so that it ends long before its time."""
    few = {"time_seconds": 60.0, "n_workers": 1, "max_trials": 1, "learners": ("linear",)}
    return ExperimentSettings(**{"target": "risk", **few, **changes})  # type: ignore[arg-type]


def test_an_experiment_becomes_a_version_and_a_record(app: App, tmp_path: Path) -> None:
    events: list[Event] = []
    outcome = experiment(app, write_table(tmp_path / "loans.csv"), settings(), on_event=events.append)
    assert outcome.version == models.version(app, "loans@champion")
    assert outcome.version.summary["lineage"]["experiment"] == outcome.id
    assert isinstance(events[-1], Finished)
    recorded = experiments.experiment_result(app, outcome.id)
    assert recorded == json.loads((outcome.folder / "result.json").read_text())
    assert recorded["status"] == "finished"
    assert recorded["version"] == {"model": "loans", "number": 1}
    assert "log_loss" in recorded["scores"]["validation"]
    assert recorded["leaderboard"]
    assert Path(recorded["artifact"]["path"]) == outcome.folder / "loans.scoreline"
    assert [each["experiment"] for each in experiments.experiments(app)] == [outcome.id]


def test_a_test_table_is_read_as_the_training_table_was(app: App, tmp_path: Path) -> None:
    train = write_table(tmp_path / "train.csv")
    test = write_table(tmp_path / "test.csv", n_rows=40, seed=2)
    outcome = experiment(app, train, settings(name="my loans"), test=test, register=False)
    assert outcome.version is None
    assert outcome.to_json()["version"] is None
    assert "log_loss" in outcome.result.manifest.scores.test
    assert outcome.result.path.name == "my-loans.scoreline"
    assert not (app.home / "scoreline.db").exists()


def test_an_experiment_that_fails_says_why_in_its_record(app: App, tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_text("age,risk\n30,good\n40,good\n")
    with pytest.raises(BadData):
        experiment(app, tmp_path / "loans.csv", settings())
    (recorded,) = experiments.experiments(app)
    assert (recorded["status"], recorded["code"]) == ("failed", "bad_data")
    assert "risk" in recorded["reason"]
    assert models.models(app) == []


def test_what_would_fail_at_the_end_fails_before_the_time_is_spent(app: App, tmp_path: Path) -> None:
    table = write_table(tmp_path / "loans.csv")
    with pytest.raises(BadSetting, match="try 'my-loans'"):
        experiment(app, table, settings(), model="my loans")
    app.settings.home.mkdir()
    (app.settings.home / "scoreline.db").mkdir()
    with pytest.raises(Unavailable):
        experiment(app, table, settings())
    assert experiments.experiments(app) == []


def test_an_experiment_that_was_killed_is_unfinished(app: App) -> None:
    (app.experiments_folder / "20260501-120000-abc123").mkdir(parents=True)
    assert experiments.experiments(app) == [{"experiment": "20260501-120000-abc123", "status": "unfinished"}]
    with pytest.raises(NotFound, match=r"no experiment '20260501-120000-abc124'.*there is 20260501-120000-abc123"):
        experiments.experiment_result(app, "20260501-120000-abc124")
