"""CSV as callers write it."""

from __future__ import annotations

import pytest

from scoreline.core.errors import BadRequest, SchemaMismatch, TooLarge
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.media import medium
from scoreline.serving.media.csv import Csv


def read(active: Active, body: str | bytes, *, header: bool = True) -> Decoded:
    return Csv(header=header).read(body.encode() if isinstance(body, str) else body, active)


@pytest.mark.parametrize(
    "body",
    [
        "age,owns,purpose\n1,true,car\n2,no,radio\n",
        "\ufeffage,owns,purpose\r\n1,true,car\r\n2,no,radio",
        "age , owns,purpose\r1,true,car\r2,no,radio\r",
        '"age","owns","purpose"\n\n"1","true","car"\n\n2,no,"radio"\n\n',
        'age, "owns", purpose\n1, "true", car\n2, "no", radio\n',
    ],
    ids=["plain", "windows", "old mac", "quoted with blank lines", "quotes after spaces"],
)
def test_the_same_table_in_many_hands(active: Active, body: str) -> None:
    decoded = read(active, body)
    assert decoded.rows.numbers[:, :2].tolist() == [[1.0, 1.0], [2.0, 0.0]]
    assert [text.strip() for text in decoded.rows.texts[:, 0]] == ["car", "radio"]
    assert decoded.absent == ("since", "code")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ('"a, b"', "a, b"),
        ('"a ""b"""', 'a "b"'),
        ('"two\nlines"', "two\nlines"),
        ('"two\r\nlines"', "two\r\nlines"),
        ('5" pipe', '5" pipe'),
        ('"C:\\"', "C:\\"),
        ('"a \\"b\\" c"', 'a "b" c'),
        ("''", "''"),
        ('""', ""),
        ("", ""),
        (" ", " "),
        ("none", "none"),
        ("日本", "日本"),
        ("x" * 200_000, "x" * 200_000),
    ],
)
def test_quotes_are_read_as_in_files(active: Active, field: str, text: str) -> None:
    assert read(active, f"purpose,age\n{field},1\n").rows.texts[0, 0] == text


def test_a_table_without_a_header_stands_in_the_order_of_the_schema(active: Active) -> None:
    decoded = read(active, "31,yes,1970-01-02,car,7\n", header=False)
    assert decoded.rows.numbers.tolist() == [[31.0, 1.0, 86400.0]]
    assert decoded.rows.texts.tolist() == [["car", "7"]]
    with pytest.raises(
        SchemaMismatch, match="row 1: 2 fields where there are 5 columns; it ends before column `since`"
    ):
        read(active, "31,yes\n", header=False)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is empty"),
        (b"\n\n", "the body is empty"),
        (b"age,purpose\n", "the request has no rows"),
        (b"agee;purpose\n1;car\n", "no column of the schema was sent"),
        (b"age,age\n1,2\n", "`age` is sent twice"),
        (b"age,purpose\n1,car\n2\n", "row 2: 1 fields where there are 2 columns; it ends before column `purpose`"),
        (b"age,purpose\n1,car,x\n", "row 1: 3 fields where there are 2 columns; after the last comes 'x'"),
        (b"age,purpose\n" + b"1,car\n" * 2500 + b"1\n", "row 2501: 1 fields"),
        (b'age,purpose\n1,car\n2,"car\n', "row 2: a quote opens a field and is never closed"),
        (b'"age,purpose\n1,car\n', "the first line: a quote opens a field and is never closed"),
        (b"age,purpose\n1,car\n2,caf\xe9\n", "row 2, column `purpose`: byte 0xe9 is not UTF-8"),
        (b"age,purpose\n1,car\n\xe9,car\n", "row 2, column `age`: byte 0xe9 is not UTF-8"),
        (b"age,caf\xe9\n1,car\n", "the first line: byte 0xe9 is not UTF-8"),
        ("age,purpose\n1,car\n".encode("utf-16"), "the first line: byte 0xff is not UTF-8"),
        (b"age,purpose\n1,car\nabc,car\n", "row 2, column `age`: expected a number, found 'abc'"),
        (b"age,purpose\n1,car\n1_000,car\n", "row 2, column `age`: expected a number, found '1_000'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(active: Active, body: bytes, said: str) -> None:
    with pytest.raises((BadRequest, SchemaMismatch)) as refused:
        read(active, body)
    assert said in refused.value.message


def test_unknown_columns_are_ignored_and_unnamed_ones_named_by_their_place(active: Active) -> None:
    assert read(active, ",age,what\n0,1,2\n").ignored == ("column_1", "what")


def test_a_small_body_of_endless_rows_is_refused(active: Active, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(medium, "N_CELLS", 5 * 3000)
    assert len(read(active, "age\n" + "1\n" * 3000).rows) == 3000
    with pytest.raises(TooLarge):
        read(active, "age\n" + "1\n" * 3001)
