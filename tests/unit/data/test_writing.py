"""Tables out, which can be read back in."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.core.errors import BadSetting
from scoreline.data import read_table, write_table

TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=6)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.psv", "t.csv.gz", "t.parquet", "t.jsonl", "t.jsonl.gz"])
def test_what_is_written_in_pieces_is_read_back_whole(tmp_path, name):
    frame = pl.DataFrame({"a": ["x", 'say "hi"\nthere', None], "b": ["1", "2", "3"]})
    path = tmp_path / name
    write_table([frame, frame[:1]], path)
    assert read_table(path).rows() == pl.concat([frame, frame[:1]]).rows()
    assert [left.name for left in tmp_path.iterdir()] == [name]


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_a_column_of_any_texts_comes_back_from_csv(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    write_table(pl.DataFrame({"a": texts}, schema={"a": pl.String}), path)
    assert read_table(path, delimiter=",")["a"].to_list() == texts


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl"])
def test_pieces_may_differ_in_the_type_of_a_column_and_have_no_rows(tmp_path, name):
    pieces = [
        pl.DataFrame({"n": [1], "a": ["x"]}),
        pl.DataFrame({"n": [0.5], "a": [None]}),
        pl.DataFrame({"n": ["?"], "a": ["y"]}),
    ]
    write_table([*pieces, pieces[0][:0]], tmp_path / name)
    read = read_table(tmp_path / name)
    assert [str(value) for value in read["n"]] in (["1", "0.5", "?"], ["1.0", "0.5", "?"])
    write_table([], tmp_path / f"no-{name}")


def test_numbers_come_back_to_the_last_bit(tmp_path):
    numbers = [0.1 + 0.2, 1e300, 5e-324, 1 / 3, -0.0, 2.0**53]
    write_table(pl.DataFrame({"n": numbers, "m": numbers}), tmp_path / "t.csv")
    assert [float(text) for text in read_table(tmp_path / "t.csv")["n"]] == numbers


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("before")

    def failing():
        yield pl.DataFrame({"a": [1]})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_table(failing(), path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_standard_output_gets_csv(capfdbinary):
    write_table(pl.DataFrame({"a": [1, 2], "b": ["x", None]}), "-")
    assert capfdbinary.readouterr().out == b"a,b\n1,x\n2,\n"


def test_an_unknown_suffix_or_folder_is_refused_before_anything_is_written(tmp_path):
    for name in ("t.xlsx", "t", "t.parquet.gz"):
        with pytest.raises(BadSetting, match="cannot tell the format"):
            write_table(pl.DataFrame({"a": [1]}), tmp_path / name)
    with pytest.raises(BadSetting, match="there is no folder"):
        write_table(pl.DataFrame({"a": [1]}), tmp_path / "absent" / "t.csv")
