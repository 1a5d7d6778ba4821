"""Snippets hold a request that scores, in any dialect, whatever the row and the address hold."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artifacts import tiny_artifact

from scoreline.app.settings import Settings, open_app
from scoreline.core.schema import Column, Schema
from scoreline.scoring.pipeline import load
from scoreline.serving.active import Active
from scoreline.serving.protocols import DIALECTS
from scoreline.web.app import create_app
from scoreline.web.server import background, bind
from scoreline.web.snippets import LANGUAGES, snippet
from scoreline.web.snippets.languages import Language, program

SCHEMA = Schema(
    columns=(
        Column(name="age", type="number"),
        Column(name='it\'s "own"', type="category"),
        Column(name="note", type="text"),
    )
)
ROW = {
    "age": 42,
    'it\'s "own"': "C:\\new\\u0041",
    "note": "grün €\u2028 \U0001f600 $HOME `id` ${x} %s '''\n\t\x00 </script>",
}
BASE = "/api/v1/deployments/credit"


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("snippets")
    tiny_artifact(folder / "credit.scoreline", schema=SCHEMA, rows=[ROW])
    with open_app(Settings.of(home=folder, environment={})) as app:
        app.registry.register(folder / "credit.scoreline")
        app.registry.deploy("credit", "credit")
        with background(create_app(app.registry), bind(port=0)) as url, httpx.Client(base_url=url) as client:
            yield client


def active(folder: Path, row: dict[str, Any] | None = None) -> Active:
    file = folder / "credit.scoreline"
    manifest = tiny_artifact(file, schema=SCHEMA, rows=[row or ROW])
    now = datetime(2026, 5, 1, tzinfo=UTC)
    return Active(name="credit", model="credit", version=4, digest=manifest.id, pipeline=load(file), loaded_at=now)


def literal(code: str, begin: str) -> str:
    """The text in double quotes that follows ``begin``."""
    found = re.search(re.escape(begin) + r'("(?:[^"\\]|\\.)*")', code)
    assert found is not None, code
    text: str = json.loads(found[1])
    return text


def in_python(code: str) -> tuple[str, Any]:
    scope: dict[str, Any] = {}
    exec(code[code.index("body = ") : code.index("request = ")], scope)  # noqa: S102 what is tested is that it runs
    return literal(code, "urllib.request.Request(\n    "), scope["body"]


def in_shell(code: str) -> tuple[str, Any]:
    words = [word for word in shlex.split(code, comments=True) if word != "\n"]
    return words[3], json.loads(words[words.index("-d") + 1])


def between(code: str, begin: str, end: str) -> str:
    return code.split(begin, 1)[1].split(end, 1)[0]


def in_lines(code: str, begin: str, end: str) -> tuple[str, Any]:
    lines = between(code, begin, end).split(",\n")
    return literal(code, "URI.create("), json.loads("\n".join(json.loads(line) for line in lines))


def in_csharp(code: str) -> tuple[str, Any]:
    verbatim = re.search(r'var body = @"((?:[^"]|"")*)";', code)
    assert verbatim is not None, code
    return literal(code, "HttpMethod.Post, "), json.loads(verbatim[1].replace('""', '"'))


READ: dict[str, Callable[[str], tuple[str, Any]]] = {
    "curl": in_shell,
    "python": in_python,
    "javascript": lambda code: (literal(code, "fetch("), json.loads(between(code, "const body = ", ";\n\nfetch"))),
    "java": lambda code: in_lines(code, 'String.join("\\n",\n', ");\n"),
    "scala": lambda code: in_lines(code, "val body = List(\n", "\n    ).mkString"),
    "r": lambda code: (literal(code, "request("), json.loads(between(code, 'body <- r"(', ')"'))),
    "csharp": in_csharp,
    "powershell": lambda code: (between(code, "-Uri '", "'"), json.loads(between(code, "@'\n", "\n'@"))),
    "go": lambda code: (literal(code, '"POST", '), json.loads(between(code, "body := `", "`"))),
}
every_language = pytest.mark.parametrize("language", list(LANGUAGES), ids=lambda language: language.name)


@every_language
@pytest.mark.parametrize("dialect", DIALECTS.names)
def test_what_a_snippet_sends_scores(http: httpx.Client, language: Language, dialect: str) -> None:
    code = http.get(f"{BASE}/snippets/{language.name}", params={"dialect": dialect}).text
    assert "SCORELINE_API_KEY" in code
    assert code.isascii()
    url, document = READ[language.name](code)
    answer = http.post(url, json=document)
    assert answer.status_code == 200, answer.text
    assert "error" not in answer.json()


@every_language
def test_a_snippet_holds_the_row_as_it_is(tmp_path: Path, language: Language) -> None:
    url, document = READ[language.name](snippet(language.name, active(tmp_path), "http://127.0.0.1:9090", "native"))
    assert url == "http://127.0.0.1:9090/api/v1/deployments/credit/score"
    assert document == {"rows": [ROW]}


def test_a_deployment_of_another_space_is_named_by_its_id(tmp_path: Path) -> None:
    elsewhere = dataclasses.replace(active(tmp_path), space="risk", id="3f0c2d5e")
    url, _ = in_shell(snippet("curl", elsewhere, "http://127.0.0.1:9090", "h2o"))
    assert url == "http://127.0.0.1:9090/deployments/3f0c2d5e/model/score"


@every_language
def test_a_snippet_tells_how_it_is_run_and_over_https_how_a_certificate_is_trusted(
    tmp_path: Path, language: Language
) -> None:
    plain = snippet(language.name, active(tmp_path), "http://127.0.0.1:9090", "native")
    secure = snippet(language.name, active(tmp_path), "https://127.0.0.1:9443", "native")
    assert plain.startswith(f"{language.comment} {language.file}, for ")
    for command in language.run:
        assert f"{language.comment}   {command}\n" in plain
    for command in language.trust:
        assert f"{language.comment}   {command}\n" in secure
        assert command not in plain


@every_language
@given(url=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), text=st.text(st.characters(codec="utf-8")))
def test_no_address_and_no_text_get_out_of_their_quotes(language: Language, url: str, text: str) -> None:
    code = program(language, *_asking(url, text))
    assert code.isascii()
    assert READ[language.name](code) == (_asking(url, text)[0], {"rows": [{"note": text}]})


def _asking(url: str, text: str) -> tuple[str, Any]:
    from urllib.parse import quote

    return quote(url, safe=":/?#[]@!$&()*+,;=%-._~"), {"rows": [{"note": text}]}


def test_all_snippets_are_one_document(http: httpx.Client) -> None:
    document = http.get(f"{BASE}/snippets").json()
    assert (document["deployment"], document["dialect"]) == ("credit", "native")
    assert list(document["snippets"]) == LANGUAGES.names
    for name, code in document["snippets"].items():
        assert code == http.get(f"{BASE}/snippets/{name}").text


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        (f"{BASE}/snippets/cobol", 404, "csharp"),
        (f"{BASE}/snippets?dialect=latin", 400, "kserve"),
        ("/api/v1/deployments/credti/snippets", 404, "`credit`"),
    ],
)
def test_what_is_not_there_is_told_what_is(http: httpx.Client, path: str, status: int, told: str) -> None:
    answer = http.get(path)
    assert answer.status_code == status
    assert told in answer.json()["error"]["hint"]


def test_the_idl_of_a_deployment_is_told(http: httpx.Client) -> None:
    answer = http.get(f"{BASE}/thrift")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "1: optional double age," in answer.text
