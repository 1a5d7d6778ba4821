"""The command that the demo shows is the request that it sends."""

import json
import shlex

from scoreline.cli.requests import curl, row_text

ROW = {"status": "... < 0 DM", "purpose": 'it\'s "new"', "amount": 1169, "age": None, "city": "Köln"}


def test_a_row_is_broken_between_columns_and_stays_the_same_row():
    text = row_text(ROW, 30)
    assert json.loads(text) == ROW
    assert all(len(line) <= 30 for line in text.splitlines())
    assert "Köln" in text


def test_a_column_wider_than_the_line_stands_alone():
    text = row_text({"a": 1, "long": "x" * 50, "b": 2}, 20)
    assert [line.strip()[:6] for line in text.splitlines()] == ["{", '"a": 1', '"long"', '"b": 2', "}"]


def test_a_row_without_columns_is_an_object():
    assert json.loads(row_text({}, 80)) == {}


def test_a_shell_reads_the_body_back_out_of_the_command():
    body = row_text(ROW, 60)
    url = "http://127.0.0.1:9090/a/score"
    assert shlex.split(curl(url, "sl_1", body)) == ["curl", "-s", url, "-H", "x-api-key: sl_1", "-d", body]
