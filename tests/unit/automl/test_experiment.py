"""An experiment end to end on small worlds: a file that loads, within its time, whatever the table holds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from scoreline.automl.events import DataChecked, Event, Finalising, Finished, Planned, TrialFinished, TrialStarted
from scoreline.automl.experiment import run_experiment
from scoreline.automl.result import ExperimentResult
from scoreline.automl.settings import ExperimentSettings
from scoreline.core.errors import BadData, BadSetting
from scoreline.data import Dataset, make_dataset
from scoreline.scoring.pipeline import load


def table(n: int = 240, **columns: object) -> pl.DataFrame:
    """Two inputs that matter, and targets of every kind."""
    rng = np.random.default_rng(1)
    x, c = rng.normal(size=n), rng.choice(["red", "green", "blue"], size=n)
    signal_ = x + (c == "red") + rng.normal(scale=0.5, size=n)
    frame = pl.DataFrame(
        {
            "x": x,
            "c": c,
            "yes": np.where(signal_ > 0.3, "yes", "no"),
            "level": np.digitize(signal_, [-0.3, 0.8]),
            "amount": np.exp(signal_),
        }
    )
    return frame.with_columns(**columns)


def dataset(target: str, frame: pl.DataFrame | None = None) -> Dataset:
    targets = {"yes", "level", "amount"}
    return make_dataset(
        table() if frame is None else frame, name="world", target=target, drop=sorted(targets - {target})
    )


def run(
    tmp_path: Path, target: str, data: Dataset | None = None, **settings: object
) -> tuple[ExperimentResult, list[Event]]:
    events: list[Event] = []
    asked = {"time_seconds": 20.0, "max_trials": 2, "n_workers": 1, "learners": ("lightgbm",)} | settings
    result = run_experiment(
        dataset(target) if data is None else data,
        ExperimentSettings(target=target, **asked),
        output=tmp_path / "world.scoreline",
        on_event=events.append,
    )
    return result, events


@pytest.mark.parametrize(
    ("target", "task", "labels"),
    [("yes", "binary", ("no", "yes")), ("level", "multiclass", (0, 1, 2)), ("amount", "regression", ())],
)
def test_a_table_becomes_a_file_that_loads_and_scores(tmp_path: Path, target: str, task: str, labels: tuple) -> None:
    result, _ = run(tmp_path, target)
    pipeline = load(result.path)
    assert (pipeline.manifest.task, pipeline.manifest.labels) == (task, labels)
    assert pipeline.manifest.parity.passed
    answer = pipeline.score({"x": 1.0, "c": "red"})[0]
    assert set(answer) == ({"prediction"} if task == "regression" else {"label", "probability"})
    scores = result.manifest.scores
    assert set(scores.validation) == set(scores.validation_sd) == set(scores.test)


def test_what_matters_is_important_and_what_does_not_is_not(tmp_path: Path) -> None:
    noise = pl.Series("noise", np.random.default_rng(9).normal(size=240))
    result, _ = run(tmp_path, "amount", dataset("amount", table(noise=noise)))
    importance = result.manifest.importance
    assert max(importance, key=importance.__getitem__) == "x"
    assert importance["noise"] < 0.1


def test_events_tell_the_story_in_order(tmp_path: Path) -> None:
    result, events = run(tmp_path, "yes")
    kinds = [type(event) for event in events]
    order = [DataChecked, Planned, TrialStarted, TrialFinished, Finalising, Finished]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    assert kinds[-1] is Finished
    assert kinds.count(TrialStarted) == kinds.count(TrialFinished) == 2
    assert msgspec.json.encode(events)
    assert result.to_json()["scores"]["validation"]["log_loss"] == pytest.approx(events[-1].validation)


def test_the_same_seed_and_data_give_the_same_trials_and_the_same_graph(tmp_path: Path) -> None:
    one, two = (run(tmp_path, "yes", max_trials=1)[0] for _ in range(2))
    assert one.trials[0].scores == two.trials[0].scores
    assert one.manifest.members["pipeline.onnx"] == two.manifest.members["pipeline.onnx"]
    assert one.manifest.members["sample.json"] == two.manifest.members["sample.json"]
    assert one.manifest.members["reference.parquet"] == two.manifest.members["reference.parquet"]


def test_a_failing_trial_is_a_row_with_its_reason(tmp_path: Path) -> None:
    from scoreline.automl.budget import Budget
    from scoreline.automl.candidate import Candidate, portfolio
    from scoreline.automl.handover import Handover
    from scoreline.automl.pool import Pool
    from scoreline.automl.prepare import prepare
    from scoreline.automl.search import Search

    events: list[Event] = []
    with Pool(1) as pool:
        plan = prepare(dataset("yes"), ExperimentSettings(target="yes", n_workers=1), None, events.append).plan
        pool.open(plan.problem, Handover(plan.rows, plan.y, list(plan.folds.pairs)))
        search = Search(plan, pool, Budget(30.0), max_trials=2, emit=events.append)
        good = portfolio(plan.problem, plan.y, 1, ["linear"])[0]
        search.proposals.first = [Candidate(learner="nonesuch", params={}, features="tree", seed=1), good]
        failed, done = search.run()
    assert (failed.status, done.status) == ("failed", "done")
    assert "unknown learner 'nonesuch'" in failed.to_trial().reason


def test_the_positive_label_may_be_chosen(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "yes", positive="no")
    assert result.manifest.positive == 0
    with pytest.raises(BadSetting, match=r"no label 'maybe'.*no, yes"):
        run(tmp_path, "yes", positive="maybe")


def test_every_learner_is_tried_unless_some_are_chosen(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "yes", learners=None, max_trials=5)
    assert {trial.learner for trial in result.trials} > {"linear", "lightgbm", "xgboost"}
    result, _ = run(tmp_path, "yes", learners=("xgboost",))
    assert {trial.learner for trial in result.trials} <= {"xgboost", "ensemble"}


def test_without_a_split_every_row_trains(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "yes", split="none")
    assert result.manifest.lineage.n_rows == 240
    assert result.manifest.scores.test == {}


def test_a_time_split_validates_on_later_rows_only(tmp_path: Path) -> None:
    day = pl.datetime_range(pl.datetime(2020, 1, 1), pl.datetime(2021, 1, 1), "1d", eager=True)[:240]
    result, _ = run(tmp_path, "yes", dataset("yes", table(day=day)), split="time", split_column="day")
    assert "each later than the rows it learns from" in result.validation


def test_a_group_is_not_an_input(tmp_path: Path) -> None:
    house = pl.Series("house", np.arange(240) // 12).cast(pl.String)
    result, _ = run(tmp_path, "yes", dataset("yes", table(house=house)), split="group", split_column="house")
    assert result.manifest.schema.names == ["x", "c"]
    assert "no group on both sides" in result.validation


def test_a_class_of_two_rows_breaks_nothing(tmp_path: Path) -> None:
    level = pl.Series("level", ["rare"] * 2 + ["common"] * 100 + ["other"] * 138)
    result, _ = run(tmp_path, "level", dataset("level", table(level=level)))
    assert result.manifest.labels == ("common", "other", "rare")


def test_a_scorer_that_does_not_fit_the_target_is_refused_before_any_trial(tmp_path: Path) -> None:
    for target, scorer, why in (("yes", "rmse", "binary"), ("amount", "auc", "regression")):
        with pytest.raises(BadSetting, match=f"`{scorer}` does not know {why} targets"):
            run(tmp_path, target, scorer=scorer)
    below = dataset("amount", table(amount=pl.Series(np.linspace(-1, 1, 240))))
    with pytest.raises(BadSetting, match="never negative"):
        run(tmp_path, "amount", below, scorer="rmsle")


@pytest.mark.parametrize(
    "settings",
    [{"time_seconds": 0.0}, {"test_share": 1.0}, {"n_workers": 0}, {"split": "group"}, {"learners": ("nonesuch",)}],
)
def test_a_setting_out_of_range_is_refused_with_a_hint(tmp_path: Path, settings: dict) -> None:
    with pytest.raises(BadSetting) as refused:
        run(tmp_path, "yes", **settings)
    assert refused.value.hint


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="rows"):
        run(tmp_path, "yes", dataset("yes", table()[:9]))


def test_ctrl_c_leaves_no_worker_behind(tmp_path: Path) -> None:
    script = f"""
        import sys
        import polars as pl
        from pathlib import Path
        from scoreline.automl.events import TrialFinished
        from scoreline.automl.experiment import run_experiment
        from scoreline.automl.settings import ExperimentSettings
        from scoreline.data import make_dataset
        frame = pl.DataFrame({{"x": [k * 0.37 % 1 for k in range(200)], "y": ["a", "b"] * 100}})
        def tell(event):
            if isinstance(event, TrialFinished):
                print("begun", flush=True)
        run_experiment(
            make_dataset(frame, target="y"), ExperimentSettings(target="y", time_seconds=300),
            output=Path({str(tmp_path / "x.scoreline")!r}), on_event=tell,
        )
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    os.killpg(process.pid, signal.SIGINT)
    _, complaints = process.communicate(timeout=30)
    assert complaints.strip().endswith(b"KeyboardInterrupt")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # nobody is left in the group
    assert not list(tmp_path.iterdir())
