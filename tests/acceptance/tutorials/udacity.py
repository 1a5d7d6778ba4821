"""Udacity's project: the four calls of apicalls.py."""

from __future__ import annotations

import pytest
from tests.acceptance.tutorials.step import Step, World, said

FEATURES = ["lastmonth_activity", "lastyear_activity", "number_of_employees"]
TARGET = "exited"
N_FORMS = 6


def answers_as_scikit_learn_does(world: World, answer: str) -> None:
    """Predictions, F1 and statistics are those of the original model and its table; the same in every form."""
    *predictions, scoring, summary, diagnostics = map(said, answer.splitlines())
    assert predictions == [world.expected["predictions"]] * N_FORMS
    assert (scoring["scorer"], scoring["score"]) == ("f1", pytest.approx(world.expected["f1"]))
    for name in FEATURES:
        mean, median, std = world.expected["summary"][name]
        told = summary["columns"][name]
        assert (told["mean"], told["median"], told["std"]) == (pytest.approx(mean), median, pytest.approx(std))
    assert diagnostics["timing"]["n_requests"] >= N_FORMS
    assert set(diagnostics["missing"]["percent"]) == set(FEATURES)
    assert (world.folder / "apireturns.txt").read_text() == answer


UDACITY = [
    Step(
        "Udacity risk assessment",
        "apicalls.py: the four routes, `/prediction` in six forms",
        "python apicalls.py",
        {},
        "200 four times; on the course's own data [0, 1, 1, 1, 1] and F1 0.5714285714285714, as from ours there",
        answers_as_scikit_learn_does,
        environment={"URL": "udacity host", "KEY": "udacity key"},
    )
]
