"""Snippets as they are pasted: run where the language is installed, parsed where it is too large to be."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from tests.acceptance.clouds import LABELS, Served, run_client, served

from scoreline.serving.protocols import DIALECTS
from scoreline.web.snippets import LANGUAGES


class Run(NamedTuple):
    """How a language's code is run."""

    file: str
    command: tuple[str, ...]


ALWAYS = {
    "curl": Run("score.sh", ("sh", "score.sh")),
    "python": Run("score.py", ("python3", "score.py")),
    "javascript": Run("score.js", ("node", "score.js")),
}
WHERE_INSTALLED = {
    "java": Run("Score.java", ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "Score.java")),
    "go": Run("score.go", ("go", "run", "score.go")),
    "r": Run("score.R", ("Rscript", "score.R")),
    "scala": Run("Score.scala", ("scala", "Score.scala")),
}
PARSED = ("csharp", "go", "scala")
"""Their compilers are hundreds of megabytes. Of R there is no parser that an installer of Python packages gets."""


@pytest.fixture(scope="module")
def server(trained: Any) -> Iterator[Served]:
    with served(trained) as started:
        yield started


@pytest.fixture(scope="module")
def http(server: Served) -> Iterator[httpx.Client]:
    base_url = f"{server.url}/api/v1/deployments/loans/snippets/"
    with httpx.Client(base_url=base_url, headers={"x-api-key": server.key}) as client:
        yield client


def pasted(http: httpx.Client, language: str, dialect: str = "native") -> str:
    answer = http.get(language, params={"dialect": dialect})
    assert answer.status_code == 200, answer.text
    return answer.text


def run(language: str, code: str, server: Served, folder: Path, key: str | None = None) -> str:
    how = {**ALWAYS, **WHERE_INSTALLED}[language]
    (folder / how.file).write_text(code)
    done = subprocess.run(
        how.command,
        cwd=folder,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "SCORELINE_API_KEY": server.key if key is None else key,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def label(answer: str) -> str:
    found: str = json.loads(answer)["predictions"][0]["label"]
    return found


def test_every_language_is_run_or_parsed() -> None:
    assert {*ALWAYS, *WHERE_INSTALLED, *PARSED} == set(LANGUAGES.names)


def test_the_command_writes_what_the_server_shows(trained: Any, server: Served, http: httpx.Client) -> None:
    written = trained("snippet", "loans", "-l", "java", "--dialect", "h2o", "--url", server.url)
    assert written.status == 0, written.err
    assert written.out == pasted(http, "java", "h2o")


@pytest.mark.parametrize("language", ALWAYS)
def test_a_snippet_scores_in_every_dialect(server: Served, http: httpx.Client, tmp_path: Path, language: str) -> None:
    assert label(run(language, pasted(http, language), server, tmp_path)) in LABELS
    for dialect in DIALECTS.names:
        answer = json.loads(run(language, pasted(http, language, dialect), server, tmp_path))
        assert answer, dialect
        assert "error" not in answer, dialect


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(language, marks=pytest.mark.skipif(shutil.which(how.command[0]) is None, reason="not installed"))
        for language, how in WHERE_INSTALLED.items()
    ],
)
def test_a_snippet_scores_where_its_language_is_installed(
    server: Served, http: httpx.Client, tmp_path: Path, language: str
) -> None:
    assert label(run(language, pasted(http, language), server, tmp_path)) in LABELS


def test_other_languages_parse(http: httpx.Client) -> None:
    code = {language: pasted(http, language) for language in PARSED}
    told = run_client("snippets", "parse.py", given=json.dumps(code))
    for language in PARSED:
        assert told[language]["errors"] == []
        assert told[language]["nodes"] > 100
    broken = run_client("snippets", "parse.py", given=json.dumps({"go": code["go"].replace("{\n", "\n", 1)}))
    assert broken["go"]["errors"]


def test_a_snippet_with_a_wrong_key_prints_what_to_do(server: Served, http: httpx.Client, tmp_path: Path) -> None:
    for language in ALWAYS:
        answer = json.loads(run(language, pasted(http, language), server, tmp_path, key="sl_no"))
        assert answer["error"]["code"] == "unauthenticated"
        assert answer["error"]["hint"]
