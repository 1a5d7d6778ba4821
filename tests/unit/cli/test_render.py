"""What reports show, and that they keep to the width they are given."""

from io import StringIO

import pytest
from rich.console import Console

from scoreline.cli.render import data, scoring_pipeline, trials
from scoreline.cli.render.theme import THEME, indented, section
from scoreline.core.entities import Guardrail
from scoreline.core.manifest import KindParity, Parity, Scores
from scoreline.core.schema import Column

COLUMNS = [
    Column(name="a_rather_long_name_of_a_column_that_goes_on", type="number", minimum=1, maximum=72.5),
    Column(name="purpose", type="category", levels=("car", "radio", "education")),
    Column(name="note", type="text", example="a long note " * 9),
    Column(name="day", type="datetime"),
]


def shown(body, width=80):
    console = Console(file=StringIO(), width=width, theme=THEME, highlight=False)
    console.print(body)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines), default=0) <= width
    return "\n".join(line.rstrip() for line in lines)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_few_columns_get_a_line_each(width):
    text = shown(data.columns(COLUMNS, {}, width), width)
    assert "number" in text
    assert "3 levels" in text
    assert "1 … 72.5" in text


@pytest.mark.parametrize("width", [40, 80])
def test_many_columns_are_listed_by_type(width):
    many = [Column(name=f"sensor_{i}", type="number") for i in range(500)]
    text = shown(data.columns(many, {"id": "identifier"}, width), width)
    assert "number" in text
    assert "500" in text
    assert "more" in text
    assert "left out" in text
    assert "id (identifier)" in text
    assert len(text.splitlines()) < 10


def test_what_needs_an_eye_comes_first():
    text = shown(
        data.guardrails(
            [
                Guardrail(name="missing_values", result="passed", sentence="no value is missing"),
                Guardrail(name="duplicate_rows", result="fixed", sentence="3 rows occur twice"),
                Guardrail(name="leakage", result="alerted", sentence="`x` alone predicts the target"),
            ]
        )
    )
    assert [line[0] for line in text.splitlines()] == ["!", "~", "✓"]
    assert "missing values" in text


def test_many_classes_show_the_largest():
    shares = {str(i): (i + 1) / 5050 for i in range(100)}
    text = shown(data.balance(shares, 80))
    assert text.splitlines()[0].startswith("99")
    assert "and 92 more classes" in text


def test_a_bar_shows_the_least_share_and_never_more_than_its_cells():
    assert data.bar(0, 10) == ""
    assert data.bar(1e-9, 10) == "▏"
    assert data.bar(0.5, 10) == "█████"
    assert data.bar(7.0, 10) == "█" * 10


def test_the_optimised_scorer_comes_first_with_its_spread():
    found = Scores(
        scorer="mcc",
        validation={"accuracy": 0.76, "mcc": 0.41},
        validation_sd={"mcc": 0.03},
        test={"accuracy": 0.775, "mcc": 0.44},
    )
    lines = shown(scoring_pipeline.scores(found)).splitlines()
    assert lines[1].split() == ["mcc", "0.4100", "±", "0.0300", "0.4400"]
    assert lines[2].split() == ["accuracy", "0.7600", "0.7750"]


def test_scores_without_a_test_say_so():
    found = Scores(scorer="rmse", validation={"rmse": 12.5}, validation_sd={})
    assert shown(scoring_pipeline.scores(found)).splitlines()[1].split() == ["rmse", "12.50", "–"]


def test_the_threshold_names_the_class_it_is_for():
    best = {"threshold": 0.338, "precision": 0.561, "recall": 0.743, "f1": 0.639, "mcc": 0.455}
    text = shown(scoring_pipeline.threshold(best, "bad")).replace("\u00a0", " ")
    assert text.splitlines() == [
        "at the threshold of the best F1, P(bad) ≥ 0.338:",
        "precision 0.561 · recall 0.743 · F1 0.639 · MCC 0.455",
    ]


@pytest.mark.parametrize("width", [40, 80])
def test_importance_is_drawn_and_the_rest_is_counted(width):
    found = {f"a_rather_long_column_name_{i}": 1 / (i + 1) for i in range(20)}
    text = shown(scoring_pipeline.importance(found, width), width)
    assert "█" in text
    assert "1.00" in text
    assert text.splitlines()[-1] == "and 12 more"


def test_parity_tells_each_kind_of_row():
    kinds = {"training": KindParity(n_rows=1000, largest=1.2e-7), "unseen": KindParity(n_rows=0, largest=0.0)}
    text = shown(scoring_pipeline.parity(Parity(tolerance=1e-5, largest=1.2e-7, n_rows=1000, by_kind=kinds), "of x"))
    assert "✓" in text
    assert "1.2e-07 over 1,000 rows" in text
    assert "training" in text
    assert "unseen" not in text


def test_parity_above_its_tolerance_does_not_look_passed():
    text = shown(scoring_pipeline.parity(Parity(tolerance=1e-5, largest=0.5, n_rows=9, by_kind={}), "of x"))
    assert "✗" in text
    assert "✓" not in text


def test_an_ensemble_names_its_members_by_weight():
    rows = [
        {"learner": "ensemble", "weight": 1.0},
        {"learner": "lightgbm", "weight": 0.5},
        {"learner": "linear", "weight": 0.3},
        {"learner": "lightgbm", "weight": 0.2},
        {"learner": "xgboost", "weight": 0.0},
    ]
    assert scoring_pipeline.composition(rows) == "ensemble of 3 trials: lightgbm 70 % · linear 30 %"
    assert scoring_pipeline.composition([{"learner": "linear", "weight": 1.0}]) == "linear"
    assert scoring_pipeline.composition([]) == ""


def trial(number, score, status="done", **more):
    return {
        "number": number,
        "learner": "lightgbm",
        "params": {"num_leaves": 31, "learning_rate": 0.05134},
        "status": status,
        "score": score,
        "sd": 0.01 if score else None,
        "seconds": 1.25,
        "reason": "",
        "weight": 0.0,
        **more,
    }


@pytest.mark.parametrize("width", [40, 78])
def test_a_failed_trial_is_a_line_with_its_reason(width):
    failed = trial(3, None, "failed", reason="ValueError: boom\n  at line 3")
    text = shown(trials.leaderboard([trial(1, 0.48), failed, trial(2, None, "killed")], "log_loss", width), width)
    assert "0.4800" in text
    assert "boom" in text
    assert "at line 3" not in text
    assert "1 stopped early" in text


def test_a_long_leaderboard_is_cut_and_counted():
    text = shown(trials.leaderboard([trial(i, 0.4 + i / 100) for i in range(30)], "log_loss", 78, shown=5))
    assert "0.4400" in text
    assert "0.4500" not in text
    assert "25 more" in text


def test_weights_are_shown_for_an_ensemble():
    assert "weight" not in shown(trials.leaderboard([trial(1, 0.4)], "auc", 78))
    one = trial(1, 0.4, weight=1.0)
    assert "weight" not in shown(trials.leaderboard([one], "auc", 78)), "a single winner needs no share"
    blend = trial(3, 0.3, learner="ensemble", params={"members": ["linear (1)", "spline (2)"]}, weight=1.0)
    text = shown(trials.leaderboard([blend, trial(1, 0.4, weight=0.75), trial(2, 0.5, weight=0.25)], "auc", 78))
    assert "75 %" in text
    assert "100 %" not in text
    assert "linear (1), spline (2)" in text


@pytest.mark.parametrize("width", [20, 80])
def test_a_section_fits(width):
    assert shown(section("Data", width), width).strip().startswith("Data")
    assert shown(indented("x y z " * 30), width)
