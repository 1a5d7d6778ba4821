"""The curl lines of docs/api.md do what they say."""

from __future__ import annotations

import gzip
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import httpx
import polars as pl
import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import Settings, open_app
from scoreline.core.schema import Column, Schema
from scoreline.web.app import create_app
from scoreline.web.server import background, bind

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
LINES = [line.strip() for line in PAGE.read_text("utf-8").splitlines() if line.startswith("    ") and "curl " in line]
SCHEMA = Schema(columns=(Column(name="age", type="number"), Column(name="purpose", type="category")))
ROWS = [{"age": 31, "purpose": "car"}, {"age": 47, "purpose": "radio"}]


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("api")
    tiny_artifact(folder / "credit.scoreline", schema=SCHEMA, rows=ROWS)
    with open_app(Settings.of(home=folder, environment={})) as app:
        app.registry.register(folder / "credit.scoreline")
        app.registry.deploy("credit-risk", "credit")
        with background(create_app(app.registry), bind(port=0)) as url, httpx.Client(base_url=url) as client:
            yield client


def test_there_are_lines() -> None:
    assert len(LINES) >= 6


@pytest.mark.parametrize("line", LINES)
def test_a_curl_line_scores_two_rows(line: str, http: httpx.Client, tmp_path: Path) -> None:
    frame = pl.DataFrame(ROWS)
    frame.write_csv(tmp_path / "rows.csv")
    frame.write_parquet(tmp_path / "rows.parquet")
    frame.write_ipc_stream(tmp_path / "rows.arrow")
    before, _, command = line.rpartition("curl ")
    words = iter(shlex.split(re.sub(r"\$'(.*?)'", lambda quoted: shlex.quote(quoted[1].replace("\\n", "\n")), command)))
    url, headers, body = "", {}, b""
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "--data-binary":
            data = next(words)
            body = (tmp_path / data[1:]).read_bytes() if data[1:].startswith("rows") else data.encode()
            body = gzip.compress((tmp_path / "rows.csv").read_bytes()) if data == "@-" else body
        elif word == "-o":
            next(words)
        elif word.startswith("http"):
            url = httpx.URL(word).path
        else:
            assert word in ("-s", "--compressed")
    assert before in ("", "gzip -c rows.csv | ")
    answer = http.post(url, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    expected = http.post(url, json=ROWS).json()["predictions"]
    if headers.get("Accept") == "text/csv":
        assert pl.read_csv(answer.content)["risk.bad"].to_list() == [row["probability"]["bad"] for row in expected]
    elif "Accept" in headers:
        assert pl.read_ipc_stream(answer.content)["risk.predicted"].to_list() == [row["label"] for row in expected]
    else:
        assert answer.json()["predictions"] == expected
