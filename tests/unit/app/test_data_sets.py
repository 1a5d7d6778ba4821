"""Files of the data folder, and what is told of a table."""

from __future__ import annotations

import os
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.metrics import confusion_matrix, f1_score, log_loss, r2_score
from tests.artifacts import tiny_artifact

from scoreline.app.data_sets import NO_FOLDER, DataFolder
from scoreline.app.data_sets.columns import missing, summarise, training_missing, training_summary
from scoreline.app.data_sets.quality import known_quality, score_rows
from scoreline.app.dependencies import dependencies
from scoreline.core.errors import BadSetting, Forbidden, NotFound, SchemaMismatch, TooLarge
from scoreline.core.manifest import Manifest, Scores
from scoreline.core.schema import Column, Label, Schema
from scoreline.scoring.form import Form
from scoreline.scoring.predictions import Predictions
from scoreline.serving.media.csv import TextFrame, read_whole

SCHEMA = Schema(columns=(Column(name="age", type="number"), Column(name="purpose", type="category")))
MOST = 1000


def table(text: str) -> TextFrame:
    return read_whole(text.encode(), SCHEMA)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A folder ``data`` beside a file that is nobody's business."""
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (tmp_path / "data" / "test").mkdir(parents=True)
    (tmp_path / "data" / "test" / "rows.csv").write_text("age\n31\n")
    return DataFolder(tmp_path / "data")


def test_a_file_is_named_by_its_place_in_the_folder_or_by_its_path(folder: DataFolder, tmp_path: Path) -> None:
    (tmp_path / "data" / "link.csv").symlink_to("test/rows.csv")
    whole = str(tmp_path / "data" / "test" / "rows.csv")
    for name in ("test/rows.csv", "./test/../test/rows.csv", "link.csv", whole):
        assert folder.read(name, "default", MOST) == b"age\n31\n"


def test_nothing_leads_out_of_the_folder(folder: DataFolder, tmp_path: Path) -> None:
    (tmp_path / "data" / "out.csv").symlink_to(tmp_path / "secret.csv")
    (tmp_path / "data" / "up").symlink_to(tmp_path)
    (tmp_path / "data-too").mkdir()
    (tmp_path / "data-too" / "rows.csv").touch()
    for name in (
        "../secret.csv",
        str(tmp_path / "secret.csv"),
        "out.csv",
        "up/secret.csv",
        "../data-too/rows.csv",
        "..",
    ):
        with pytest.raises(Forbidden, match="not in the data folder"):
            folder.read(name, "default", MOST)


def test_what_is_no_file_is_not_found_and_never_waited_for(folder: DataFolder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data" / "pipe.csv")
    (tmp_path / "data" / "round.csv").symlink_to("round.csv")
    (tmp_path / "data" / ".env").write_text("SECRET=1")
    (tmp_path / "data" / "named.csv").symlink_to(".env")
    for name in (
        "",
        "nothing.csv",
        "test",
        "pipe.csv",
        "round.csv",
        ".env",
        "named.csv",
        "a\0b.csv",
        "x" * 5000 + ".csv",
        "\udc80.csv",
    ):
        with pytest.raises(NotFound, match="no CSV file"):
            folder.read(name, "default", MOST)


def test_a_file_may_be_as_large_as_a_body(folder: DataFolder) -> None:
    assert folder.read("test/rows.csv", "default", 7)
    with pytest.raises(TooLarge, match="7 bytes"):
        folder.read("test/rows.csv", "default", 6)


def test_the_folder_is_the_default_spaces(folder: DataFolder) -> None:
    with pytest.raises(Forbidden, match="belongs to the space `default`"):
        folder.read("test/rows.csv", "other", MOST)


def test_without_a_folder_the_refusal_says_how_to_allow_it_and_what_to_send(tmp_path: Path) -> None:
    with pytest.raises(Forbidden) as refused:
        NO_FOLDER.read("rows.csv", "default", MOST)
    assert "--data-folder" in refused.value.hint
    assert "CSV in the body" in refused.value.hint
    with pytest.raises(BadSetting, match="no such folder"):
        DataFolder(tmp_path / "nothing")


def test_columns_of_numbers_have_mean_median_and_the_deviation_of_a_sample() -> None:
    found = summarise(table("age,purpose,one,gone\n30,car,1,\n41,radio,,\n,car,,\n58.5,car,,\n"), "rows.csv")
    values = [30, 41, 58.5]
    age = found.columns["age"]
    assert (age.mean, age.median) == (pytest.approx(statistics.mean(values)), 41)
    assert age.std == pytest.approx(statistics.stdev(values))
    assert found.columns["one"].std is None
    assert found.left_out == {"purpose": "row 1 is no number", "gone": "every value is missing"}
    assert (found.of, found.n_rows) == ("rows.csv", 4)


def test_what_is_missing_is_told_for_every_column() -> None:
    found = missing(table("age,purpose\n30,car\n,\nnan,x\n4,\n"), "rows.csv")
    assert found.percent == {"age": 50, "purpose": 50}


def artifact(folder: Path, labels: tuple[Label, ...], **more: Any) -> Manifest:
    return replace(
        tiny_artifact(folder / "m.scoreline", target="truth", labels=labels, schema=SCHEMA, rows=[{"age": 1}]), **more
    )


@pytest.mark.parametrize(
    ("labels", "texts"),
    [
        ((0, 1), ["0", "1.0", "1", "1", "0"]),
        ((False, True), ["False", "true", "TRUE", "true", "false"]),
        (("no", "yes"), ["no", "yes", "yes", "yes", "no"]),
    ],
)
def test_rows_with_their_truth_are_scored_as_scikit_learn_does(
    tmp_path: Path, labels: tuple[Label, ...], texts: list[str]
) -> None:
    truth, answered = [0, 1, 1, 1, 0], [1, 1, 0, 1, 1]
    probability = np.array([[1 - p, p] for p in (0.9, 0.6, 0.25, 0.8, 0.7)], np.float32)
    predictions = Predictions(Form("binary", "truth", labels), probability)
    rows = table("age,truth\n" + "\n".join(f"1,{text}" for text in texts))
    found = score_rows(artifact(tmp_path, labels), rows, predictions, "rows.csv")
    assert (found.scorer, found.score) == ("f1", pytest.approx(f1_score(truth, answered)))
    assert found.confusion == confusion_matrix(truth, answered).tolist()
    assert found.scores["log_loss"] == pytest.approx(log_loss(truth, probability[:, 1].astype(float)))
    assert "f1" not in found.scores


def test_several_labels_and_numbers_are_scored_as_well(tmp_path: Path) -> None:
    labels = (3, 20, 100)
    probability = np.eye(3, dtype=np.float32)[[0, 1, 1, 2]]
    rows = table("age,truth\n1,3\n1,20\n1,100\n1,100\n")
    found = score_rows(
        artifact(tmp_path, labels), rows, Predictions(Form("multiclass", "truth", labels), probability), ""
    )
    assert found.score == pytest.approx(f1_score([0, 1, 2, 2], [0, 1, 1, 2], average="macro"))
    numbers = np.array([1.0, 2.5, 2.0])
    predictions = Predictions(Form("regression", "truth", ()), numbers)
    found = score_rows(artifact(tmp_path, ()), table("age,truth\n1,1\n1,2\n1,3\n"), predictions, "")
    assert (found.scorer, found.score) == ("r2", pytest.approx(r2_score([1, 2, 3], numbers)))
    assert found.scores["rmse"] == pytest.approx(np.sqrt(np.mean((numbers - [1, 2, 3]) ** 2)))


@pytest.mark.parametrize(
    ("labels", "rows", "said"),
    [
        (("no", "yes"), "age,other\n1,yes\n", "no column `truth`"),
        (("no", "yes"), "age,truth\n1,yes\n1,maybe\n", "row 2, column `truth`: expected one of no, yes, found 'maybe'"),
        (("no", "yes"), "age,truth\n1,\n", "row 1, column `truth`"),
        ((), "age,truth\n1,2\n1,many\n", "row 2, column `truth`: expected a number"),
        ((), "age,truth\n1,2\n1,2\n1,\n", "row 3, column `truth`: expected a number"),
    ],
)
def test_a_truth_that_cannot_be_is_named(tmp_path: Path, labels: tuple[str, ...], rows: str, said: str) -> None:
    frame = table(rows)
    task = "binary" if labels else "regression"
    values = np.full((frame.n_rows, 2), 0.5, np.float32) if labels else np.zeros(frame.n_rows)
    with pytest.raises(SchemaMismatch, match=said):
        score_rows(artifact(tmp_path, labels), frame, Predictions(Form(task, "truth", labels), values), "")


def test_without_rows_the_models_own_scores_are_told_and_where_they_are_from(tmp_path: Path) -> None:
    known = artifact(tmp_path, ("no", "yes"), scores=_scores(test={"f1": 0.5, "auc": 0.8}))
    found = known_quality(known)
    assert (found.score, found.of, found.scores) == (0.5, "test rows of the experiment", {"f1": 0.5, "auc": 0.8})
    assert "best threshold" in found.note
    found = known_quality(replace(known, scores=_scores(test={})))
    assert (found.score, found.of) == (None, "validation rows of the experiment")
    assert "`f1` is not known" in found.note
    found = known_quality(replace(known, scores=_scores(validation={}), lineage=replace(known.lineage, experiment="")))
    assert (found.score, found.of, found.scores) == (None, "nothing", {})


def _scores(**given: Any) -> Scores:
    return Scores(**{"scorer": "auc", "validation": {"auc": 0.7}, "validation_sd": {}, "test": {}, **given})


def test_the_training_data_is_told_as_far_as_the_model_knows_it(tmp_path: Path) -> None:
    values = np.array([1.0, 2.0, 4.0])
    known = {"n_rows": 4, "missing": 0.25, "mean": values.mean(), "sd": values.std(), "quantiles": [2.0] * 21}
    learned = artifact(tmp_path, (), profile={"age": known, "purpose": {"n_rows": 4, "missing": 0.5}})
    found = training_summary(learned, "training")
    assert found.columns["age"].std == pytest.approx(values.std(ddof=1))
    assert found.left_out == {"purpose": "it is a category"}
    gaps = training_missing(learned, "training")
    assert gaps is not None
    assert gaps.percent == {"age": 25, "purpose": 50}
    assert training_missing(replace(learned, profile={}), "training") is None
    assert "does not know" in training_summary(replace(learned, profile={}), "training").left_out["age"]


def test_dependencies_say_what_is_installed_asked_for_and_was_there_when_the_model_was_made(tmp_path: Path) -> None:
    made = artifact(tmp_path, ())
    lineage = replace(made.lineage, libraries={"numpy": "2.1.0", "a-library-nobody-has": "1.0"})
    found = {each.name: each for each in dependencies(replace(made, lineage=lineage))}
    assert found["numpy"].installed == np.__version__
    assert found["numpy"].made_with == "2.1.0"
    assert (found["numpy"].required or "").startswith(">=")
    assert found["a-library-nobody-has"].installed is None
    assert found["onnxruntime"].made_with is None
