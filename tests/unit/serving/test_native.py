from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts import ROWS, SCHEMA, tiny_artifact

from scoreline.core.errors import BadRequest, SchemaMismatch
from scoreline.core.schema import Column, Schema
from scoreline.scoring.pipeline import load
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.native import Native

native = Native()


@pytest.fixture
def active(tmp_path: Path) -> Active:
    return deployed(tmp_path)


def deployed(tmp_path: Path, schema: Schema = SCHEMA) -> Active:
    file = tmp_path / "credit.scoreline"
    manifest = tiny_artifact(file, schema=schema)
    now = datetime(2026, 5, 1, tzinfo=UTC)
    return Active(name="credit-risk", model="credit", version=3, digest=manifest.id, pipeline=load(file), loaded_at=now)


def score(active: Active, document: Any) -> dict[str, Any]:
    answered: dict[str, Any] = json.loads(Plane().answer_one(Asked(native, json.dumps(document).encode(), active)).body)
    return answered


def test_every_shape_of_body_scores_the_same(active: Active) -> None:
    fields = list(ROWS[0])
    table = {"fields": fields, "rows": [[row[field] for field in fields] for row in ROWS]}
    wanted = active.pipeline.score(ROWS).records()
    assert [score(active, body)["predictions"] for body in ({"rows": ROWS}, ROWS, table)] == [wanted] * 3
    assert score(active, ROWS[0])["predictions"] == wanted[:1]


def test_an_answer_says_what_answered_and_nothing_needless(active: Active) -> None:
    answered = score(active, ROWS)
    del answered["predictions"]
    assert answered == {"deployment": "credit-risk", "model": "credit", "version": 3}


def test_columns_that_differ_from_the_schema_are_told(active: Active) -> None:
    answered = score(active, {"age": 3, "hat": 1})
    assert answered["ignored_columns"] == ["hat"]
    assert answered["absent_columns"] == ["amount", "purpose"]


def test_a_column_may_be_named_rows(tmp_path: Path) -> None:
    schema = Schema(
        columns=(Column(name="age", type="number"), *SCHEMA.columns[1:], Column(name="rows", type="number"))
    )
    active = deployed(tmp_path, schema)
    assert "absent_columns" not in score(active, {"age": 1, "amount": 2, "purpose": "car", "rows": 7})
    assert len(score(active, {"rows": [{"rows": 7}]})["predictions"]) == 1


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (3, "neither an object nor a list"),
        ([], "no rows"),
        ({"rows": []}, "no rows"),
        ([[1, 2]], "`fields`"),
        ({"rows": [{"age": 1}], "row": 1}, "unknown member `row`"),
        ({"rows": [[1]], "fields": "age"}, "`fields`: expected a list"),
        ({"rows": [[1]], "fields": [1]}, "`fields`: expected a list"),
    ],
)
def test_another_shape_is_told_and_the_right_ones_shown(active: Active, document: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=message) as caught:
        score(active, document)
    assert caught.value.hint


def test_an_error_has_its_row_and_column_as_data(active: Active) -> None:
    with pytest.raises(SchemaMismatch) as caught:
        score(active, [{"age": 1}, {"age": "old"}])
    error = json.loads(native.error(caught.value, "r-1"))["error"]
    assert (error["code"], error["kind"]) == ("schema_mismatch", "invalid")
    assert (error["row"], error["column"], error["request_id"]) == (2, "age", "r-1")


def test_the_sample_can_be_sent_back(active: Active) -> None:
    sample = json.loads(native.views["/sample"](active).body)
    assert score(active, sample)["predictions"] == active.pipeline.score(ROWS).records()


def test_the_schema_tells_columns_labels_and_outputs(active: Active) -> None:
    schema = json.loads(native.views["/schema"](active).body)
    assert [column["name"] for column in schema["columns"]] == ["age", "amount", "purpose"]
    assert schema["labels"] == ["good", "bad"]
    assert schema["outputs"][0] == {"name": "risk.good", "type": "number"}
