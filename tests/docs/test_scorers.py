"""Every scorer has its line in docs/scorers.md, with the direction that is better."""

import re
from pathlib import Path

import pytest

from scoreline.automl.scorers import SCORERS

PAGE = (Path(__file__).parents[2] / "docs" / "scorers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("scorer", list(SCORERS), ids=lambda scorer: scorer.name)
def test_a_scorer_is_documented_under_its_task(scorer):
    better = "higher" if scorer.greater_is_better else "lower"
    classification, regression = PAGE.split("## Regression")
    part = regression if "regression" in scorer.tasks else classification
    assert re.search(rf"\| `{re.escape(scorer.name)}` \| {better} \|", part)


def test_the_page_documents_no_scorer_that_does_not_exist():
    assert set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)) == set(SCORERS.names)
