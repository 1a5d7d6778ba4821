"""A dataset is an immutable snapshot with a digest."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.core.errors import BadData
from scoreline.data import make_dataset

CONTENT = "id,n,when,who,ok\n1,1.50,2011-01-13,Ada,true\n2,,2011-01-14,,false\n3,2,2011-01-16,Bob,true\n"


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(CONTENT)
    return path


def test_the_same_table_has_the_same_digest_whatever_file_it_came_from(csv, tmp_path):
    (tmp_path / "renamed.tsv").write_text(CONTENT.replace(",", "\t").replace("Ada", '"Ada"'), encoding="utf-16")
    frame = pl.read_csv(csv, try_parse_dates=True)
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.jsonl")
    digests = {make_dataset(path, types={"who": "category"}).digest for path in tmp_path.iterdir()}
    assert len(digests) == 1
    assert digests.pop().startswith("sha256:")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=3), st.floats(allow_nan=False, width=16)), min_size=2, max_size=6), st.data()
)
def test_another_table_has_another_digest(rows, data):
    types = {"a": "category", "b": "number"}

    def digest(cells):
        frame = pl.DataFrame(cells, schema={"a": pl.String, "b": pl.Float64}, orient="row")
        return make_dataset(pl.concat([frame, pl.DataFrame({"a": ["x"], "b": [1.0]})]), types=types).digest

    position = data.draw(st.integers(0, len(rows) - 1))
    text, number = rows[position]
    for changed in ((text + "y", number), (text, number + 1 if abs(number) < 1000 else 0.0)):
        if changed != rows[position] and abs(number) != float("inf"):
            assert digest(rows) != digest([*rows[:position], changed, *rows[position + 1 :]])


def test_texts_that_join_alike_have_different_digests():
    digests = {make_dataset(pl.DataFrame({"a": texts, "b": [1, 2]}), types={"a": "category"}).digest
               for texts in (["ab", "c"], ["a", "bc"], ["abc", None])}  # fmt: skip
    assert len(digests) == 3


def test_a_dataset_names_itself_its_source_and_its_columns(csv):
    dataset = make_dataset(csv, types={"who": "category"})
    assert (dataset.name, dataset.n_rows, dataset.source) == ("people", 3, str(csv))
    assert dataset.schema.names == ["n", "when", "who", "ok"] == dataset.frame.columns
    assert dataset.excluded["id"].startswith("identifier")
    assert dataset.frame.dtypes == [pl.Float64, pl.Datetime("us"), pl.String, pl.Boolean]
    when = dataset.schema.by_name["when"]
    assert (when.minimum, when.maximum, when.example) == (1294876800.0, 1295136000.0, "2011-01-13")


def test_columns_may_be_dropped_kept_and_required(csv):
    dataset = make_dataset(csv, drop=["when", "who"], types={"id": "number"}, required=["n"])
    assert dataset.excluded == {"when": "dropped by the user", "who": "dropped by the user"}
    assert dataset.schema.by_name["id"].type == "number"
    assert dataset.schema.by_name["n"].required


def test_rows_and_columns_can_be_taken_without_changing_the_dataset(csv):
    dataset = make_dataset(csv)
    part = dataset.take([2, 0]).without(["when"])
    assert part.frame["n"].to_list() == [2.0, 1.5]
    assert "when" not in part.schema.by_name
    assert dataset.n_rows == 3
    assert part.digest != dataset.digest


def test_rows_without_a_target_are_left_out_and_told(csv):
    dataset = make_dataset(csv, target="n")
    assert dataset.n_rows == 2
    assert dataset.findings[-1].result == "fixed"
    assert "1 of 3 rows have no `n` and were left out, first people.csv, row 2" in dataset.findings[-1].sentence


def test_a_target_is_kept_whatever_it_looks_like():
    frame = pl.DataFrame({"id": list(range(1, 41)), "same": ["x"] * 40, "n": [0.5, 1.5] * 20})
    assert make_dataset(frame, target="id").schema.by_name["id"].type == "number"
    assert make_dataset(frame, target="same").schema.by_name["same"].type == "category"


def test_a_test_table_is_read_as_the_training_table_was(csv):
    training = make_dataset(csv, types={"who": "category", "id": "category"}, drop=["when"])
    frame = pl.DataFrame({"id": ["7", "8.0"], "who": ["5", "5"], "n": ["1", "1"], "ok": [1, 0], "more": ["x", "y"]})
    test = make_dataset(frame, schema=training.schema)
    assert test.schema.names == ["id", "who", "n", "ok"]
    assert test.frame.rows() == [("7", "5", 1.0, True), ("8", "5", 1.0, False)]
    assert test.schema.by_name["who"] == training.schema.by_name["who"]


def test_a_test_table_needs_the_columns_of_the_training_table(csv):
    training = make_dataset(csv, types={"n": "number"}).without(["who"])
    with pytest.raises(BadData, match="no column `when`, which the training table has") as raised:
        make_dataset(pl.DataFrame({"n": [1], "wen": [2]}), schema=training.schema)
    assert raised.value.hint == "did you mean `wen`?"


def test_a_table_without_a_usable_column_says_why(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,same\n1,x\n2,x\n3,x\n")
    with pytest.raises(BadData, match=r"no column to learn from: `id`: identifier.*`same`: constant"):
        make_dataset(path)


def test_a_column_without_values_of_a_given_type_is_kept(csv):
    dataset = make_dataset(pl.DataFrame({"a": ["", None], "b": [1.5, 2.5]}), types={"a": "category"})
    assert dataset.frame["a"].to_list() == [None, None]
    assert dataset.schema.by_name["a"].levels == ()
