"""Every transformer: what NumPy computes is what ONNX Runtime computes, for the fit's rows and for strange ones."""

# ruff: noqa: DTZ001  (naive times: the calendar itself is tested)

from __future__ import annotations

import datetime as dt

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto
from scipy import sparse
from tests.worlds import world

from scoreline.automl.features import RECIPES, Transformer
from scoreline.automl.features.categories import Categories, for_linear, for_trees
from scoreline.automl.features.dates import PARTS, date_parts
from scoreline.automl.graph import GraphWriter
from scoreline.automl.problem import Problem
from scoreline.scoring.rows import Rows

NUMBERS = st.one_of(st.just(float("nan")), st.floats(-3e38, 3e38), st.sampled_from([0.0, -0.0, 1e-40]))
TEXTS = st.one_of(
    st.just(""),
    st.sampled_from(["red", "10", "level 1", "Free call now!", "free  money\n", "never seen", " "]),
    st.text(max_size=20).filter(lambda text: "\x00" not in text and text.isprintable()),
)


def in_onnx(step: Transformer, problem: Problem, rows: Rows) -> np.ndarray:
    graph = GraphWriter()
    output = step.to_onnx(graph)
    model = graph.model(
        {"x": (output, TensorProto.FLOAT, ["n", "d"])}, len(problem.schema.numbers), len(problem.schema.texts)
    )
    session = onnxruntime.InferenceSession(model)
    return session.run(["x"], {"numbers": rows.numbers, "texts": rows.texts})[0]


def dense(block: object) -> np.ndarray:
    return block.toarray() if sparse.issparse(block) else np.asarray(block)


STEPS = [(recipe, k) for recipe, make in RECIPES.items() for k in range(len(make(world("binary")[0], 0)))]


@pytest.mark.parametrize(("recipe", "k"), STEPS)
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_transformer_computes_the_same_in_numpy_and_onnx(recipe: str, k: int, task: str, data: st.DataObject) -> None:
    problem, rows, y = world(task, n=120)
    step = RECIPES[recipe](problem, 3)[k]
    step.fit_transform(rows, y)
    n = data.draw(st.integers(1, 4))
    numbers = np.array(data.draw(st.lists(st.tuples(*[NUMBERS] * 4), min_size=n, max_size=n)), np.float64)
    texts = np.array(data.draw(st.lists(st.tuples(*[TEXTS] * 4), min_size=n, max_size=n)), object)
    for strange in (Rows(numbers, texts), rows):
        np.testing.assert_allclose(
            in_onnx(step, problem, strange), dense(step.transform(strange)), rtol=2e-6, atol=1e-7
        )


def test_a_text_of_delimiters_scores_in_a_batch_as_it_does_alone_and_asks_for_no_more_memory() -> None:
    problem, rows, y = world("binary", n=2_000)
    column = next(i for i, column in enumerate(problem.schema.texts) if column.type == "text")
    mixed = ("a,b", "x-y/z", "end.", "two\nlines", "tab\there", "plain words")
    texts = rows.texts.copy()
    texts[:, column] = [f"{text} {mixed[i % len(mixed)]}" for i, text in enumerate(texts[:, column])]
    strange = ["," * 5_000, ". , - / " * 2_000, "a.b" * 300, "word " * 5_000, "\x1f", " \x1f \x1f free", "", " "]
    batch = Rows(rows.numbers, texts.copy())
    batch.texts[: len(strange), column] = strange
    for recipe, k in (("tree", 3), ("linear", 3)):
        step = RECIPES[recipe](problem, 3)[k]
        step.fit_transform(Rows(rows.numbers, texts), y)
        expected = dense(step.transform(batch))
        np.testing.assert_allclose(in_onnx(step, problem, batch), expected, rtol=2e-6, atol=1e-7)
        for i in range(len(strange)):
            one = Rows(batch.numbers[i : i + 1], batch.texts[i : i + 1])
            np.testing.assert_allclose(in_onnx(step, problem, one)[0], expected[i], rtol=2e-6, atol=1e-7)


@given(st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)))
def test_the_parts_of_a_date_are_those_of_the_calendar(moment: dt.datetime) -> None:
    seconds = (moment - dt.datetime(1970, 1, 1)) / dt.timedelta(seconds=1)
    parts = dict(zip(PARTS, date_parts(np.array([np.floor(seconds)])), strict=True))
    expected = {
        "year": moment.year,
        "month": moment.month,
        "day": moment.day,
        "day_of_year": moment.timetuple().tm_yday,
        "weekday": moment.weekday(),
        "hour": moment.hour,
    }
    assert {name: int(parts[name][0]) for name in expected} == expected


def test_target_means_of_the_fits_own_rows_are_out_of_fold() -> None:
    problem, rows, _ = world("binary", n=400)
    noise = np.random.default_rng(5).integers(0, 2, 400)
    texts = rows.texts.copy()
    texts[:, 3] = [f"level {i // 2}" for i in range(400)]  # two rows a level: a mean in the fold would give y away
    step = Categories(problem, 0, for_trees)
    own = step.fit_transform(Rows(rows.numbers, texts), noise)
    again = step.transform(Rows(rows.numbers, texts))

    def best_correlation(block: np.ndarray) -> float:
        varying = block[:, np.ptp(block, axis=0) > 0]  # a constant has no correlation
        return max(abs(np.corrcoef(column, noise)[0, 1]) for column in varying.T)

    assert best_correlation(again) > 0.5
    assert best_correlation(own) < 0.3


def test_missing_scores_as_unseen_where_training_had_none_missing() -> None:
    problem, rows, y = world("binary")
    texts = rows.texts.copy()
    texts[:, 1] = "10"
    texts[::2, 1] = "2"
    step = Categories(problem, 0, for_linear)
    step.fit_transform(Rows(rows.numbers, texts), y)
    unseen, missing = texts[:1].copy(), texts[:1].copy()
    unseen[0, 1], missing[0, 1] = "77", ""
    np.testing.assert_array_equal(
        step.transform(Rows(rows.numbers[:1], unseen)), step.transform(Rows(rows.numbers[:1], missing))
    )


def test_a_column_of_thousands_of_levels_gets_a_table_of_its_own() -> None:
    problem, rows, _ = world("binary", n=6000)
    texts = rows.texts.copy()
    texts[:, 3] = [f"tail {i // 2}" for i in range(6000)]
    wide, y = Rows(rows.numbers, texts), np.arange(6000) % 2
    step = Categories(problem, 0, for_trees)
    step.fit_transform(wide, y)
    np.testing.assert_array_equal(in_onnx(step, problem, wide), step.transform(wide))
