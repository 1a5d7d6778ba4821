"""From a dataset and settings to what a search needs: task, rows, folds, and what was found doubtful on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from scoreline.automl.events import DataChecked, Event
from scoreline.automl.folds import Folds, plan_folds
from scoreline.automl.plan import Plan
from scoreline.automl.problem import Problem
from scoreline.automl.scorers import default_scorer
from scoreline.automl.settings import ExperimentSettings
from scoreline.automl.validation import Validation
from scoreline.core.entities import Guardrail
from scoreline.core.errors import BadSetting
from scoreline.core.schema import Label, Schema, Task, label_text
from scoreline.data import Dataset, check, encode_target, infer_task, split, target_labels
from scoreline.scoring.decode import Decoder
from scoreline.scoring.rows import Rows


class TestRows(NamedTuple):
    """Rows that no trial sees."""

    dataset: Dataset
    rows: Rows
    y: npt.NDArray[Any]


class Prepared(NamedTuple):
    """Everything that is known before the first trial."""

    plan: Plan
    train: Dataset
    test: TestRows | None
    positive: int | None
    guardrails: list[Guardrail]


def prepare(
    dataset: Dataset, settings: ExperimentSettings, test: Dataset | None, emit: Callable[[Event], None]
) -> Prepared:
    """Decide the task, set test rows apart, decode, choose folds.

    Raises BadData and BadSetting, each before anything costly is begun.
    """
    target = settings.target
    dataset = dataset.without([name for name in settings.drop if name != target and name in dataset.schema.by_name])
    task = settings.task or infer_task(dataset, target)
    settings.check(task)
    labels = target_labels(dataset, target, task)
    positive = _positive(labels, settings.positive) if task == "binary" else None
    kind = settings.split or ("random" if task == "regression" else "stratified")
    guardrails = check(dataset, target, task, split=None if kind == "none" else kind)
    y = encode_target(dataset, target, task, labels)
    emit(_what_was_found(dataset, target, task, labels, y, guardrails))
    train = dataset
    if test is None and kind != "none":
        trains, tests = split(
            dataset,
            kind,
            test_share=settings.test_share,
            seed=settings.seed,
            target=target,
            column=settings.split_column,
        )
        train, test, y = dataset.take(trains), dataset.take(tests), y[trains]
    inputs = _inputs(dataset, settings)
    scorer = settings.scorer or default_scorer(task)
    problem = Problem(schema=inputs, task=task, target=target, labels=labels, scorer=scorer)
    decoder = Decoder(inputs)
    rows = decoder.frame(train.frame.select(inputs.names)).rows
    test_rows = None
    if test is not None:
        test_y = encode_target(test, target, task, labels)
        test_rows = TestRows(test, decoder.frame(test.frame.select(inputs.names)).rows, test_y)
    folds = _folds(train, y, task, inputs, settings)
    validation = Validation(
        y, folds, scorer=scorer, task=task, n_labels=len(labels), positive=positive, seed=settings.seed
    )
    if task == "regression":
        validation.score(validation.actual.astype(np.float64))  # says so now, if the target is not for this scorer
    learners = None if settings.learners is None else list(settings.learners)
    plan = Plan(problem, rows, y, folds, validation, settings.seed, learners, settings.workers)
    return Prepared(plan, train, test_rows, positive, guardrails)


def _positive(labels: tuple[Label, ...], asked: Label | None) -> int:
    if asked is None:
        return 1
    texts = [label_text(label) for label in labels]
    if label_text(asked) not in texts:
        raise BadSetting(f"positive: the target has no label {asked!r}", hint=f"one of {', '.join(texts)}")
    return texts.index(label_text(asked))


def _inputs(dataset: Dataset, settings: ExperimentSettings) -> Schema:
    """Leave out the target, and the column of groups, of which new ones will come."""
    out = {settings.target, settings.split_column if settings.split == "group" else None}
    return Schema(tuple(column for column in dataset.schema.columns if column.name not in out))


def _folds(train: Dataset, y: npt.NDArray[Any], task: Task, inputs: Schema, settings: ExperimentSettings) -> Folds:
    times = groups = None
    if settings.split == "time":
        moments = train.frame[_time_column(train, settings)]
        times = moments.to_physical().cast(pl.Float64).fill_null(-np.inf).to_numpy()
    elif settings.split == "group" and settings.split_column:
        groups = train.frame[settings.split_column].rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    return plan_folds(
        y,
        task,
        n_columns=len(inputs.columns),
        seconds=settings.time_seconds,
        seed=settings.seed,
        times=times,
        groups=groups,
    )


def _time_column(train: Dataset, settings: ExperimentSettings) -> str:
    return settings.split_column or next(column.name for column in train.schema.columns if column.type == "datetime")


def _what_was_found(
    dataset: Dataset,
    target: str,
    task: Task,
    labels: tuple[Label, ...],
    y: npt.NDArray[Any],
    guardrails: list[Guardrail],
) -> DataChecked:
    shares: Sequence[float] = (np.bincount(y, minlength=len(labels)) / len(y)).tolist() if labels else ()
    return DataChecked(
        name=dataset.name,
        n_rows=dataset.n_rows,
        n_columns=len(dataset.schema.columns) + len(dataset.excluded),
        columns=[column for column in dataset.schema.columns if column.name != target],
        excluded=dict(dataset.excluded),
        guardrails=guardrails,
        task=task,
        labels=list(labels),
        balance={label_text(label): float(share) for label, share in zip(labels, shares, strict=True)},
    )
