"""Tables in, of any common delimiter, quoting, encoding and packing."""

import csv
import gzip
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.core.errors import BadData
from scoreline.data import iter_table, read_table
from scoreline.data.delimited import read_delimited
from scoreline.data.layout import scan

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=8)


def read(content: bytes, **options) -> pl.DataFrame:
    alerts = []
    frames = list(read_delimited(io.BytesIO(content), "t.csv", on_alert=alerts.append, **options))
    assert not alerts
    return pl.concat(frames)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    block_bytes=st.sampled_from([1, 7, 1000]),
)
def test_what_a_csv_writer_writes_is_read_back(rows, delimiter, quoting, newline, encoding, block_bytes):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    writer.writerows([("a", "b", "c"), *rows])
    frame = read(text.getvalue().encode(encoding), delimiter=delimiter, block_bytes=block_bytes)
    assert frame.rows() == [tuple(field or None for field in row) for row in rows]


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from('ab ",\n'), max_size=40))
def test_bytes_with_strict_quotes_are_read_as_the_csv_module_reads_them(soup):
    content = f'a,b\n{soup}\nx,"y"\n'
    layout = scan(content.encode(), ",")
    if layout is None or layout.open_quote is not None:
        return
    expected = [row for row in csv.reader(io.StringIO(content, newline="")) if row][1:]
    if all(len(row) == 2 for row in expected):
        assert read(content.encode(), delimiter=",").rows() == [
            tuple(field or None for field in row) for row in expected
        ]
    else:
        with pytest.raises(BadData, match=r"fields? where the header has 2"):
            read(content.encode(), delimiter=",")


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=20), chunk_rows=st.integers(1, 8))
def test_chunks_are_the_table_cut_into_pieces(tmp_path_factory, rows, chunk_rows):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("a", "b"), *rows])
    chunks = list(iter_table(path, chunk_rows=chunk_rows, delimiter=","))
    assert pl.concat(chunks).rows() == read_table(path, delimiter=",").rows()
    assert [len(chunk) for chunk in chunks[:-1]] == [chunk_rows] * (len(chunks) - 1)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_though_others_stand_in_the_texts(delimiter):
    content = f"a{delimiter}b\n" + f'"1,5;x|y\tz"{delimiter}2\n' * 3 + f"one, two{delimiter}3\n".replace(", ", ". ")
    frame = read(content.encode())
    assert frame.columns == ["a", "b"]
    assert frame["b"].to_list() == ["2", "2", "2", "3"]


def test_texts_stay_as_they_are_and_blank_lines_are_skipped():
    frame = read(b'a,b\r\n 1 , x\r\n\r\n"",007\r\n\r\n')
    assert frame.rows() == [(" 1 ", " x"), (None, "007")]


def test_a_table_of_one_column_has_one():
    assert read(b"n\n1\n2\n").to_dict(as_series=False) == {"n": ["1", "2"]}


def test_old_macintosh_newlines_are_newlines():
    assert read(b"a,b\r1,2\r3,4").rows() == [("1", "2"), ("3", "4")]


def test_stray_quotes_are_text():
    frame = read(b'size,n\n5" pipe,1\n6" pipe,2\n"a, ""b""",3\n')
    assert frame.rows() == [('5" pipe', "1"), ('6" pipe', "2"), ('a, "b"', "3")]


def test_a_stray_quote_far_down_changes_nothing_above():
    content = b"size,n\n" + b"".join(b'"x\ny",%d\n' % n for n in range(500)) + b'5" pipe,-1\n'
    frame = read(content, block_bytes=256)
    assert frame["n"].to_list() == [*map(str, range(500)), "-1"]
    assert frame["size"][0] == "x\ny"


def test_quotes_after_a_blank_and_escaped_quotes_are_understood():
    assert read(b'a, b\n1, "x, y"\n2, "z"\n').rows() == [("1", "x, y"), ("2", "z")]
    assert read(b'a,b\n1,"say \\"hi\\", you"\n').rows() == [("1", 'say "hi", you')]


def test_an_unnamed_column_is_named_by_its_position():
    assert read(b",b,\n0,1,2\n").columns == ["column_1", "b", "column_3"]


def test_a_gzipped_file_is_unpacked_whatever_its_name(tmp_path):
    for name in ("t.csv.gz", "t.csv"):
        (tmp_path / name).write_bytes(gzip.compress(b"a,b\n1,2\n"))
        assert read_table(tmp_path / name).rows() == [("1", "2")]


def test_a_windows_file_is_read_with_an_alert_that_names_row_and_column(tmp_path):
    path = tmp_path / "städte.csv"
    path.write_bytes("name,city\nMeier,Bonn\nMüller,Zürich €\n".encode("cp1252"))
    alerts = []
    assert read_table(path, on_alert=alerts.append).row(1) == ("Müller", "Zürich €")
    assert len(alerts) == 1
    assert "row 2 (line 3), column `name`" in alerts[0]
    assert "'ü'" in alerts[0]


def test_utf16_without_a_mark_is_recognised(tmp_path):
    path = tmp_path / "t.csv"
    for encoding in ("utf-16-le", "utf-16-be"):
        path.write_bytes("a,b\n1,ü\n".encode(encoding))
        assert read_table(path).rows() == [("1", "ü")]


def test_an_encoding_may_be_given(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\n1,\x81я\n".encode("koi8-r", "replace"))
    assert read_table(path, encoding="koi8-r")["b"][0].endswith("я")


def test_parquet_keeps_its_types_and_rare_ones_become_common(tmp_path):
    path = tmp_path / "t.parquet"
    frame = pl.DataFrame({"n": [1, 2], "d": ["1.50", "2.25"], "c": ["x", "y"], "t": ["09:30", "23:59"]}).with_columns(
        pl.col("d").cast(pl.Decimal(10, 2)), pl.col("c").cast(pl.Categorical), pl.col("t").str.to_time("%H:%M")
    )
    frame.write_parquet(path)
    read_back = read_table(path)
    assert read_back.dtypes == [pl.Int64, pl.Float64, pl.String, pl.String]
    assert read_back.row(0) == (1, 1.5, "x", "09:30:00")
    assert [len(chunk) for chunk in iter_table(path, chunk_rows=1)] == [1, 1]


def test_json_lines_take_the_type_that_holds_all_values(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1, "b": true, "c": "x"}\n\n{"a": 2.5, "c": {"k": 1}}\n{"b": null, "d": 1}\n')
    frame = read_table(path)
    assert frame.dtypes == [pl.Float64, pl.Boolean, pl.String, pl.Int64]
    assert frame.rows() == [(1.0, True, "x", None), (2.5, None, '{"k":1}', None), (None, None, None, 1)]


def test_an_array_of_objects_is_json_too(tmp_path):
    path = tmp_path / "t.json"
    path.write_text('[{"a": 1},\n {"a": 2}]')
    assert read_table(path)["a"].to_list() == [1, 2]


def test_the_files_of_a_folder_are_stacked_by_name(tmp_path):
    (tmp_path / "b.csv").write_text("x;y\n3;4\n")
    (tmp_path / "a.csv").write_text("y,x\n2,1\n")
    (tmp_path / "notes.md").write_text("not a table")
    (tmp_path / ".hidden.csv").write_text("z\n1\n")
    assert read_table(tmp_path).select("x", "y").rows() == [("1", "2"), ("3", "4")]


def test_a_table_of_a_header_only_is_empty_and_has_its_columns(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n")
    assert read_table(path).shape == (0, 2)
    assert [chunk.shape for chunk in iter_table(path, chunk_rows=5)] == [(0, 2)]
