"""Original = scoring pipeline: format × task × {sample, one row, missing, unseen, extreme, boundary rows}."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
from tests.imports import table

from scoreline.core.errors import ModelRefused
from scoreline.core.schema import Task
from scoreline.importing.conversion import Converted, Wishes, convert
from scoreline.scoring.archive import archive_bytes
from scoreline.scoring.pipeline import ScoringPipeline, load

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
LIGHTGBM: dict[Task, list[dict[str, Any]]] = {
    "binary": [{"objective": "binary"}, {"objective": "binary", "sigmoid": 2.0, "zero_as_missing": True}],
    "multiclass": [{"objective": "multiclass", "num_class": 3}, {"objective": "multiclassova", "num_class": 3}],
    "regression": [{"objective": "regression", "reg_sqrt": True}, {"objective": "poisson", "boosting": "dart"}],
}


def opened(converted: Converted) -> ScoringPipeline:
    return load(archive_bytes(converted.manifest, converted.members)[1])


@pytest.mark.parametrize("task", TASKS)
def test_lightgbm_scores_as_it_does_with_the_levels_of_pandas(task: Task, tmp_path: Path) -> None:
    known = table(task)
    frame = known.features.to_pandas().astype({"purpose": "category", "grade": "category"})
    for settings in LIGHTGBM[task]:
        learning = {"verbosity": -1, "num_leaves": 15, "min_data_per_group": 5, "cat_smooth": 1, "num_threads": 1}
        booster = lightgbm.train(learning | settings, lightgbm.Dataset(frame, known.y), 12)
        booster.save_model(tmp_path / "model.txt")
        converted = convert(tmp_path / "model.txt", known.sample, Wishes("m", target="y"))
        assert converted.manifest.task == task
        assert {
            "sample",
            "single",
            "missing",
            "unseen",
            "extreme",
            "boundary",
        } <= converted.manifest.parity.by_kind.keys()
        # LightGBM's own reader of data frames, beside what the proof feeds it.
        strange = pd.concat([frame, pd.DataFrame({"age": [np.nan], "amount": [1.0], "purpose": [None], "grade": [3]})])
        strange = strange.astype({"purpose": frame.purpose.dtype, "grade": frame.grade.dtype})
        expected = np.asarray(booster.predict(strange))
        expected = np.stack([1 - expected, expected], axis=1) if task == "binary" else expected
        rows = pl.concat([known.features, pl.DataFrame({"amount": [1.0], "grade": [3]})], how="diagonal")
        np.testing.assert_allclose(opened(converted).score(rows).values, expected, atol=1e-6)


def test_leaves_with_linear_models_are_refused(tmp_path: Path) -> None:
    known = table("regression")
    booster = lightgbm.train(
        {"verbosity": -1, "linear_tree": True}, lightgbm.Dataset(known.numbers.to_numpy(), known.y), 2
    )
    booster.save_model(tmp_path / "model.txt")
    with pytest.raises(ModelRefused, match="linear models"):
        convert(tmp_path / "model.txt", known.numbers, Wishes("m"))
