import json

import msgspec
import numpy as np
import polars as pl
import pytest
from tests.artifacts import ROWS, SCHEMA, tiny_artifact

import scoreline
from scoreline.core.errors import BadSetting, SchemaMismatch
from scoreline.scoring.archive import read_archive
from scoreline.scoring.graph import Graph
from scoreline.scoring.pipeline import load
from scoreline.scoring.sample import make_sample, read_sample


@pytest.fixture
def credit(tmp_path):
    tiny_artifact(tmp_path / "credit.scoreline")
    return scoreline.load(tmp_path / "credit.scoreline")


def test_one_row_many_rows_and_a_frame_score_alike(credit):
    one = credit.score(ROWS[0])
    many = credit.score(ROWS)
    framed = credit.score(pl.DataFrame(ROWS))
    assert len(one) == 1
    assert one[0] == many[0]
    assert many.probability.tobytes() == framed.probability.tobytes()
    assert credit.score_rows(credit.decoder.records(ROWS).rows).records() == many.records()


def test_predictions_tell_which_columns_were_ignored_and_absent(credit):
    predictions = credit.score({"age": 42, "postcode": "1010"})
    assert predictions.ignored == ("postcode",)
    assert predictions.absent == ("amount", "purpose")


def test_no_rows_score_to_no_predictions(credit):
    assert credit.score([]).records() == []


def test_a_regression_scores_to_numbers(tmp_path):
    tiny_artifact(tmp_path / "price.scoreline", target="price", labels=())
    price = load(tmp_path / "price.scoreline")
    assert price.score(ROWS[0]).prediction.dtype == np.float64
    assert price.score(ROWS[0])[0] == {"prediction": pytest.approx(1.5425 + 1)}
    assert price.score([]).records() == []


def test_the_sample_is_rows_as_a_caller_sends_them_with_their_scores(credit, tmp_path):
    assert credit.sample.rows == ROWS
    assert credit.sample.scores == credit.score(ROWS).probability.tolist()
    document = json.loads(read_archive(tmp_path / "credit.scoreline")[1]["sample.json"])
    assert document == {"rows": ROWS, "scores": credit.sample.scores}


def test_a_sample_keeps_only_the_schema_s_columns_and_needs_a_row(tmp_path):
    tiny_artifact(tmp_path / "credit.scoreline")
    graph = Graph(read_archive(tmp_path / "credit.scoreline")[1]["pipeline.onnx"])
    assert read_sample(make_sample(SCHEMA, graph, [ROWS[0] | {"id": 7}])).rows == [ROWS[0]]
    with pytest.raises(BadSetting, match="at least one row"):
        make_sample(SCHEMA, graph, [])


def test_a_sample_writes_whole_numbers_as_people_do(tmp_path):
    tiny_artifact(tmp_path / "credit.scoreline")
    graph = Graph(read_archive(tmp_path / "credit.scoreline")[1]["pipeline.onnx"])
    columns = tuple(msgspec.structs.replace(column, integer=column.name == "age") for column in SCHEMA.columns)
    schema = msgspec.structs.replace(SCHEMA, columns=columns)
    sample = make_sample(schema, graph, [{"age": 42.0, "amount": 1200.0, "purpose": "car"}])
    assert b'"age":42,"amount":1200.0' in sample


def test_the_self_test_passes_as_often_as_it_is_asked(credit):
    credit.self_test()
    credit.self_test()


def test_a_mapping_that_is_no_dict_is_a_row(credit):
    from types import MappingProxyType

    assert credit.score(MappingProxyType(ROWS[0]))[0] == credit.score(ROWS[0])[0]


def test_a_thing_that_is_no_row_is_refused(credit):
    with pytest.raises(SchemaMismatch, match="expected rows, found int"):
        credit.score(5)
