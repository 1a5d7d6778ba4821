import msgspec
import numpy as np
import pytest

from scoreline.core.manifest import Output
from scoreline.core.schema import label_text
from scoreline.scoring.form import Form
from scoreline.scoring.predictions import Predictions, outputs

RISK = Predictions(Form("binary", "risk", ("good", "bad")), np.array([[0.75, 0.25], [0.25, 0.75]], np.float32))
COOL = Predictions(Form("multiclass", "cool", (3, 20, 100)), np.array([[0.25, 0.5, 0.25]], np.float32))
PRICE = Predictions(Form("regression", "price", ()), np.array([1.5, -2.0]))


def test_a_classification_answers_with_a_label_and_its_probabilities():
    assert len(RISK) == 2
    assert RISK[1] == {"label": "bad", "probability": {"good": 0.25, "bad": 0.75}}
    assert RISK.records() == list(RISK) == [RISK[0], RISK[1]]
    assert RISK.label_index.tolist() == [0, 1]
    assert [RISK.label(i) for i in range(2)] == ["good", "bad"]


def test_a_label_keeps_its_type_and_a_key_is_text():
    assert COOL[0] == {"label": 20, "probability": {"3": 0.25, "20": 0.5, "100": 0.25}}
    assert type(COOL.label(0)) is int


def test_of_equal_probabilities_the_first_label_wins():
    even = Predictions(Form("binary", "y", (False, True)), np.array([[0.5, 0.5]], np.float32))
    assert even[0]["label"] is False
    assert even.label(0) is False


def test_a_regression_answers_with_a_number():
    assert PRICE.records() == [{"prediction": 1.5}, {"prediction": -2.0}]
    assert PRICE.columns()["price"].tolist() == [1.5, -2.0]
    with pytest.raises(AttributeError, match="`prediction`, not `probability`"):
        _ = PRICE.probability
    with pytest.raises(AttributeError, match="`probability`, not `prediction`"):
        _ = RISK.prediction


LIKE_TEXTS = Predictions(Form("multiclass", "y", (1, "1", 2.5)), np.array([[0.25, 0.5, 0.25]], np.float32))
STRANGE_TEXTS = Predictions(Form("binary", "y", ('a"\n', "")), np.array([[np.nan, 0.1]], np.float32))


@pytest.mark.parametrize("predictions", [RISK, COOL, PRICE, LIKE_TEXTS, STRANGE_TEXTS])
def test_structs_are_written_as_records_are(predictions):
    for part in (predictions, *predictions.split([1] * len(predictions))):
        for encode in (msgspec.json.encode, msgspec.msgpack.encode):
            assert encode(part.structs()) == encode(part.records())


def test_a_part_is_as_its_rows_are_alone():
    first, none, last = RISK.split([1, 0, 1])
    assert len(none) == 0
    assert (first.task, first.target, first.labels, first.ignored) == ("binary", "risk", ("good", "bad"), ())
    assert last.records() == [RISK[1]]
    assert last.values.tolist() == [[0.25, 0.75]]
    assert last.columns()["risk.predicted"].tolist() == ["bad"]


def test_columns_are_named_as_the_outputs_are():
    for predictions in (RISK, COOL, PRICE):
        names = [output.name for output in outputs(predictions.task, predictions.target, predictions.labels)]
        assert list(predictions.columns()) == names
    assert COOL.columns()["cool.predicted"].tolist() == [20]
    assert COOL.columns()["cool.3"].tolist() == [0.25]


def test_outputs_name_each_label_then_the_predicted_one():
    assert outputs("multiclass", "cool", (3, 20, 100)) == (
        Output(name="cool.3", type="number"),
        Output(name="cool.20", type="number"),
        Output(name="cool.100", type="number"),
        Output(name="cool.predicted", type="category"),
    )
    assert outputs("regression", "price", ()) == (Output(name="price", type="number"),)


@pytest.mark.parametrize(("label", "text"), [("bad", "bad"), (3, "3"), (3.0, "3"), (0.5, "0.5"), (True, "true")])
def test_a_label_has_one_text(label, text):
    assert label_text(label) == text
