"""Bad files get an error that names file, row and column, and says what to do."""

import gzip
import zipfile

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.core.errors import BadData, BadSetting, NotFound, ScorelineError
from scoreline.data import encode_target, infer_task, make_dataset, profile, read_table, target_labels


def refused(path, error=BadData, **options) -> str:
    with pytest.raises(error) as raised:
        read_table(path, **options)
    assert path.name in raised.value.message
    assert raised.value.hint
    return str(raised.value)


@pytest.fixture
def file(tmp_path):
    def write(content, name="bad.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_row_that_is_too_short_is_named(file):
    said = refused(file('a,b,c\n1,2,3\n"x\ny",2,3\n\n4,5\n'))
    assert "row 3 (line 6): 2 fields where the header has 3; it ends before column `c`" in said


def test_a_row_that_is_too_long_is_named_with_what_is_too_much(file):
    said = refused(file("name,note\nAda,fine\nBob,well, well\n"))
    assert "row 2 (line 3): 3 fields where the header has 2" in said
    assert "' well'" in said


def test_ragged_rows_are_found_beside_stray_quotes_too(file):
    said = refused(file('a,b\n5" pipe,1\n6" pipe\n'))
    assert "row 2 (line 3): 1 fields" in said


def test_ragged_rows_are_found_far_down(file):
    content = "a,b\n" + "1,2\n" * 400_000 + "3\n" + "1,2\n" * 10
    assert "row 400001 (line 400002)" in refused(file(content))


def test_a_quote_that_is_never_closed_is_found_where_it_opens(file):
    said = refused(file('a,b\n1,2\n3,"4\n5,6\n7,8\n'))
    assert "row 2 (line 3): a quote opens a field and is never closed" in said


def test_duplicate_columns_are_named_with_their_places(file):
    assert "column `b` appears 2 times, as fields 2, 4" in refused(file("a,b,c,b\n1,2,3,4\n"))


def test_a_file_without_a_header_is_told_so(file):
    assert "add a header line" in refused(file("5.1,3.5,1.4\n4.9,3.0,1.3\n"))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_empty(file, content):
    assert "is empty" in refused(file(content))


def test_bytes_that_are_no_text_are_refused_by_row_and_column(file):
    said = refused(file("naïve,b\n1,é\n".encode() + b"2,caf\xe9\n"))
    assert "row 2 (line 3), column `b`: byte 0xe9 is not UTF-8, though text before it is" in said
    assert "row 1 (line 2), column `a`" in refused(file(b"a,b\n\x9d,2\n"))
    assert "ascii" in refused(file("a\né\n"), encoding="ascii")


def test_an_unknown_encoding_or_path_is_an_error(file, tmp_path):
    with pytest.raises(BadSetting, match="unknown encoding"):
        read_table(file("a\n1\n"), encoding="utf-99")
    with pytest.raises(NotFound, match=r"nothing\.csv"):
        read_table(tmp_path / "nothing.csv")


def test_a_spreadsheet_and_a_broken_archive_are_recognised(file, tmp_path):
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("sheet.xml", "<x/>")
    assert "save the table as CSV" in refused(path)
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    assert "cannot be unpacked" in refused(file(packed[:-20], "t.csv.gz"))
    assert "cannot be unpacked" in refused(file(packed[:30] + b"\0" * 20 + packed[50:], "t.csv.gz"))


def test_a_file_that_is_not_parquet_is_refused(file):
    assert "is not a Parquet file" in refused(file(b"a,b\n", "t.parquet"))
    assert "cannot be read as Parquet" in refused(file(b"PAR1" + b"\0" * 40, "t.parquet"))


def test_a_line_that_is_not_an_object_is_named(file):
    assert "line 2" in refused(file('{"a": 1}\n{"a": \n', "t.jsonl"))
    assert "line 2: expected an object, found 7" in refused(file('{"a": 1}\n7\n', "t.jsonl"))


def test_a_folder_needs_tables_of_the_same_columns(tmp_path):
    with pytest.raises(BadData, match="holds no table"):
        read_table(tmp_path)
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    with pytest.raises(BadData, match=r"b\.csv lacks column `y` and adds column `z`, unlike a\.csv"):
        read_table(tmp_path)


def test_a_header_without_rows_cannot_be_learned_from(file):
    with pytest.raises(BadData, match="has a header but no rows"):
        make_dataset(file("a,b\n"))


def test_an_absent_target_is_answered_with_close_names(file):
    with pytest.raises(BadData, match="did you mean `Churn`"):
        make_dataset(file("Churn,age\nyes,1\nno,2\n"), target="churned")
    with pytest.raises(BadData, match="no column `x` to predict"):
        make_dataset(pl.DataFrame({"a": [1, 2]}), target="x")


def test_names_in_options_must_be_columns(file):
    path = file("a,b\n1,2\n3,4\n")
    for options in ({"drop": ["c"]}, {"types": {"c": "number"}}, {"required": ["c"]}):
        with pytest.raises(BadSetting, match="no column `c`"):
            make_dataset(path, **options)
    with pytest.raises(BadSetting, match="unknown type 'numeric'"):
        make_dataset(path, types={"a": "numeric"})


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60), st.text(st.sampled_from('ab1.,;\t|"\\\r\n {}[]:é\ufeff\0'), max_size=60).map(str.encode)
    ),
    st.sampled_from(["t.csv", "t.jsonl", "t.parquet", "t"]),
)
def test_any_bytes_are_a_table_or_refused(tmp_path_factory, content, name):
    path = tmp_path_factory.mktemp("t") / name
    path.write_bytes(content)
    try:
        frame = read_table(path)
    except BadData:
        return
    assert frame.width > 0


CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.floats().map(str),
    st.integers().map(str),
    st.datetimes().map(str),
    st.sampled_from(
        ["true", "False", "NA", "", " ", "1/2/2011", "13.1.11", "10:30", "-0", "007", "1,5", "$3", "2011-W01-1"]
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_table_of_texts_is_a_dataset_or_refused(data):
    n_rows = data.draw(st.integers(1, 12))
    columns = {name: data.draw(st.lists(CELLS, min_size=n_rows, max_size=n_rows)) for name in ("a_id", "b", "y")}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    target = data.draw(st.sampled_from([None, "y"]))
    try:
        dataset = make_dataset(frame, target=target)
        again = make_dataset(dataset.frame, schema=dataset.schema)
    except ScorelineError:
        return
    assert again.digest == dataset.digest
    if target:
        try:
            task = infer_task(dataset, target)
        except BadData:
            return
        labels = target_labels(dataset, target, task)
        assert len(encode_target(dataset, target, task, labels)) == dataset.n_rows
    profile(dataset.frame, dataset.schema)
