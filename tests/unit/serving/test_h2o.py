from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.artifacts import SCHEMA, tiny_artifact

from scoreline.core.errors import BadRequest, Unsupported
from scoreline.core.schema import Column, Label, Schema
from scoreline.scoring.pipeline import load
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.h2o import H2O
from scoreline.serving.protocols.headers import LONGEST_HEADER

h2o = H2O()
BODY: dict[str, Any] = {"fields": ["amount", "age", "purpose"], "rows": [["158.2", 44, "radio"], [None, "31", ""]]}


def active(
    tmp_path: Path,
    labels: tuple[Label, ...] = (3, 20, 100),
    target: str = "cool_cond_y",
    schema: Schema = SCHEMA,
) -> Active:
    file = tmp_path / "cooling.scoreline"
    manifest = tiny_artifact(file, name="cooling", target=target, labels=labels, schema=schema)
    now = datetime(2026, 5, 1, tzinfo=UTC)
    return Active(name="cooling", model="cooling", version=4, digest=manifest.id, pipeline=load(file), loaded_at=now)


def score(deployed: Active, **members: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        Plane().answer_one(Asked(h2o, json.dumps(BODY | members).encode(), deployed)).body
    )
    return document


def text(reply: Reply) -> Any:
    return json.loads(reply.body)


def test_outputs_are_named_for_target_and_label_and_hold_text(tmp_path: Path) -> None:
    deployed = active(tmp_path)
    document = score(deployed)
    assert document["id"] == deployed.digest
    assert document["fields"] == ["cool_cond_y.3", "cool_cond_y.20", "cool_cond_y.100"]
    wanted = deployed.pipeline.score([dict(zip(BODY["fields"], row, strict=True)) for row in BODY["rows"]])
    assert document["score"] == [[repr(value) for value in row] for row in wanted.values.tolist()]


def test_a_regression_has_one_output_named_for_its_target(tmp_path: Path) -> None:
    document = score(active(tmp_path, (), "price"))
    assert document["fields"] == ["price"]
    assert [len(row) for row in document["score"]] == [1, 1]


def test_copied_fields_come_first_in_request_order_then_the_id(tmp_path: Path) -> None:
    document = score(active(tmp_path), includeFieldsInOutput=["row_id", "age", "amount"], idField="row_id")
    assert document["fields"][:3] == ["amount", "age", "row_id"]
    assert [row[:2] for row in document["score"]] == [["158.2", "44"], ["", "31"]]
    assert len({UUID(row[2]) for row in document["score"]}) == 2


def test_an_id_that_is_sent_is_copied_and_not_made(tmp_path: Path) -> None:
    body = {"fields": ["row_id", "age"], "rows": [["r1", True]]}
    document = score(active(tmp_path), **body, includeFieldsInOutput=["row_id", "age"], idField="row_id")
    assert document["fields"][:2] == ["row_id", "age"]
    assert document["score"][0][:2] == ["r1", "true"]


def test_an_id_that_is_not_included_is_not_made(tmp_path: Path) -> None:
    assert len(score(active(tmp_path), idField="row_id")["fields"]) == 3


def test_field_names_can_be_left_out(tmp_path: Path) -> None:
    assert set(score(active(tmp_path), noFieldNamesInOutput=True)) == {"id", "score"}


def test_members_of_other_versions_and_null_members_are_no_error(tmp_path: Path) -> None:
    document = score(active(tmp_path), mediaFields=[], idField=None, includeFieldsInOutput=None)
    assert len(document["score"]) == 2


def test_contributions_are_refused_and_never_left_out_silently(tmp_path: Path) -> None:
    deployed = active(tmp_path)
    assert score(deployed, requestShapleyValueType="NONE")
    with pytest.raises(Unsupported, match="capabilities"):
        score(deployed, requestShapleyValueType="ORIGINAL")
    with pytest.raises(BadRequest, match="requestShapleyValueType"):
        score(deployed, requestShapleyValueType="SOME")


def test_prediction_intervals_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="intervals"):
        score(active(tmp_path), requestPredictionIntervals=True)


def test_the_sample_request_is_a_real_row_that_scores(tmp_path: Path) -> None:
    deployed = active(tmp_path)
    sample = h2o.views["/model/sample_request"](deployed)
    assert text(sample) == {"fields": ["age", "amount", "purpose"], "rows": [["42", "1500.5", "radio"]]}
    scored = text(Plane().answer_one(Asked(h2o, sample.body, deployed)))
    assert [float(cell) for cell in scored["score"][0]] == deployed.pipeline.sample.scores[0]


def test_the_schema_maps_types_and_labels(tmp_path: Path) -> None:
    columns = (
        Column(name="age", type="number", integer=True, example=42),
        Column(name="amount", type="number", example=1.5),
        Column(name="owns", type="boolean", example=True),
        Column(name="since", type="datetime", example="2021-03-04"),
        Column(name="purpose", type="category", example="radio"),
        Column(name="note", type="text"),
    )
    model = text(h2o.views["/model/schema"](active(tmp_path, schema=Schema(columns=columns))))
    assert model["properties"] == {"scoringType": "CLASSIFICATION", "scoringResponLabels": ["3", "20", "100"]}
    assert model["schema"]["inputFields"] == [
        {"name": "age", "dataType": "Int64", "example": "42"},
        {"name": "amount", "dataType": "Float64", "example": "1.5"},
        {"name": "owns", "dataType": "Bool", "example": "true"},
        {"name": "since", "dataType": "Time64", "example": "2021-03-04"},
        {"name": "purpose", "dataType": "Str", "example": "radio"},
        {"name": "note", "dataType": "Str"},
    ]
    assert model["schema"]["targetFields"] == [{"name": "cool_cond_y", "dataType": "Int64"}]
    assert [field["name"] for field in model["schema"]["outputFields"]] == [
        "cool_cond_y.3",
        "cool_cond_y.20",
        "cool_cond_y.100",
    ]


def test_the_id_is_the_artifact_and_capabilities_are_honest(tmp_path: Path) -> None:
    deployed = active(tmp_path)
    shown = h2o.views["/model/id"](deployed)
    assert (shown.body.decode(), shown.media_type) == (deployed.digest, "text/plain; charset=utf-8")
    assert text(h2o.views["/model/capabilities"](deployed)) == ["SCORE"]


def test_columns_are_told_in_headers_that_any_name_survives(tmp_path: Path) -> None:
    body = {"fields": ["age", "größe, cm"], "rows": [[1, 2]]}
    reply = Plane().answer_one(Asked(h2o, json.dumps(body).encode(), active(tmp_path)))
    assert dict(reply.headers) == {
        "x-scoreline-ignored-columns": "gr%C3%B6%C3%9Fe%2C cm",
        "x-scoreline-absent-columns": "amount, purpose",
    }


def test_a_header_stays_short_however_many_columns_there_are(tmp_path: Path) -> None:
    body = {"fields": ["age", *(f"column {i}" for i in range(2000))], "rows": [[1] * 2001]}
    reply = Plane().answer_one(Asked(h2o, json.dumps(body).encode(), active(tmp_path)))
    told = dict(reply.headers)["x-scoreline-ignored-columns"]
    assert len(told) <= LONGEST_HEADER + 5
    assert told.endswith(", ...")
