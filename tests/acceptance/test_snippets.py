"""Snippets as they are pasted: saved, compiled and run as their first lines say, against a server with a key."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from tests.acceptance.clouds import Served, run_client, served
from tests.acceptance.conftest import Scoreline
from tests.artifacts import tiny_artifact

from scoreline.core.schema import Column, Schema
from scoreline.serving.protocols import DIALECTS
from scoreline.web.snippets import LANGUAGES

SCHEMA = Schema(
    columns=(
        Column(name="income.in €", type="number"),
        Column(name="years at address", type="number"),
        Column(name='it\'s "own" `id` #1', type="category"),
        Column(name="note", type="text"),
    )
)
ROW = {
    "income.in €": 1e-7,
    "years at address": None,
    'it\'s "own" `id` #1': "C:\\new\\u0041\\",
    "note": "grün \u2028 \U0001f600 $HOME ${x} $(id) `id` %s %d% #{x} // <!-- "
    "'' ''' \"\"\" )\" \r\n\t\x01 \\u0001 '@\n'@",
}
ALWAYS = ("curl", "python", "javascript")
NEEDS = {
    "java": "command -v java && command -v javac && command -v keytool",
    "scala": "command -v scalac && command -v java",
    "r": "Rscript -e 'library(httr2)'",
    "csharp": "command -v mcs && command -v mono",
    "go": "command -v go",
    "powershell": "command -v pwsh",
}
"""The other languages, and what tells whether they are here. In CI they are: ``.ci/run`` installs what Debian has."""
NOT_IN_DEBIAN = ("powershell",)
SET_KEY = LANGUAGES["curl"].run[0]
RUN_BY = {
    "scala": ("scalac Score.scala", "java -cp .:/usr/share/java/scala-library.jar Score"),
    "csharp": ("mcs -reference:System.Net.Http score/Program.cs", "mono score/Program.exe"),
    "powershell": ("pwsh -File score.ps1",),
}
"""Not by what the first lines say: ``scala`` in 2.11 does not find Java's own client, and there is no ``dotnet``."""
BY_CERTIFICATE = [name for name in LANGUAGES.names if name not in ("scala", "csharp", "powershell")]
"""Scala is told what Java is. Mono trusts authorities only; PowerShell is told what Windows is."""
KEY = "your key"


class Ran(NamedTuple):
    """A program that has ended."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="module")
def scoreline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = Scoreline(tmp_path_factory.mktemp("snippets"))
    tiny_artifact(made.folder / "awkward.scoreline", schema=SCHEMA, rows=[ROW])
    for command in (("register", "awkward.scoreline", "--model", "awkward"), ("deploy", "awkward"), ("cert",)):
        done = made(*command)
        assert done.status == 0, done.err
    return made


@pytest.fixture(scope="module")
def server(scoreline: Any) -> Iterator[Served]:
    tls = ("--https-port", "0", "--tls-cert", "scoreline-cert.pem", "--tls-key", "scoreline-key.pem")
    with served(scoreline, *tls) as started:
        yield started


@pytest.fixture(scope="module")
def http(scoreline: Any, server: Served) -> Iterator[httpx.Client]:
    trusting = ssl.create_default_context(cafile=scoreline.folder / "scoreline-cert.pem")
    with httpx.Client(headers={"x-api-key": server.key}, verify=trusting) as client:
        yield client


def pasted(http: httpx.Client, server: str, language: str, dialect: str = "native") -> str:
    answer = http.get(f"{server}/api/v1/deployments/awkward/snippets/{language}", params={"dialect": dialect})
    assert answer.status_code == 200, answer.text
    return answer.text


def save(file: Path, code: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(code, newline="\n")


def require(language: str, folder: Path) -> None:
    """Skip where a language is not installed, but in CI, where it must be."""
    if language in ALWAYS or run(folder, "", NEEDS[language]).status == 0:
        return
    if language in NOT_IN_DEBIAN:
        pytest.skip(f"{language} is not installed here, and not to be had from Debian: it is parsed")
    told = f"`{NEEDS[language]}` fails: {language} is not installed here; .ci/run tells what is to be"
    (pytest.fail if os.environ.get("CI") else pytest.skip)(told)


def run(folder: Path, key: str, *commands: str) -> Ran:
    done = subprocess.run(
        ["sh", "-e"],
        input="\n".join(commands).replace(KEY, key),
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def scored(ran: Ran) -> Any:
    assert ran.status == 0, ran.err
    answer = json.loads(ran.out)
    assert "error" not in answer
    return answer


def test_every_language_is_run() -> None:
    assert {*ALWAYS, *NEEDS} == set(LANGUAGES.names)


def test_the_command_writes_what_the_server_shows(scoreline: Any, server: Served, http: httpx.Client) -> None:
    written = scoreline("snippet", "awkward", "-l", "java", "--dialect", "h2o", "--url", server.url)
    assert written.status == 0, written.err
    assert written.out == pasted(http, server.url, "java", "h2o")


@pytest.mark.parametrize("language", ALWAYS)
def test_a_snippet_scores_in_every_dialect(server: Served, http: httpx.Client, tmp_path: Path, language: str) -> None:
    for dialect in DIALECTS.names:
        save(tmp_path / LANGUAGES[language].file, pasted(http, server.url, language, dialect))
        assert scored(run(tmp_path, server.key, *LANGUAGES[language].run)), dialect


@pytest.mark.parametrize("language", LANGUAGES.names)
def test_a_snippet_sends_its_row_unchanged(
    scoreline: Any, server: Served, http: httpx.Client, tmp_path: Path, language: str
) -> None:
    """And without a key it fails, and says what to do."""
    require(language, tmp_path)
    how = LANGUAGES[language]
    compile_and_run = RUN_BY.get(language, how.run[1:])
    before = logged(scoreline)
    save(tmp_path / how.file, pasted(http, server.url, language))
    answer = scored(run(tmp_path, server.key, SET_KEY, *compile_and_run))
    assert answer["predictions"][0]["label"] in ("good", "bad")
    assert logged(scoreline)[len(before) :] == [ROW]

    refused = run(tmp_path, "sl_no", SET_KEY, compile_and_run[-1])
    assert refused.status != 0
    assert "401" in refused.err
    assert "unauthenticated" in refused.out + refused.err


@pytest.mark.parametrize("language", BY_CERTIFICATE)
def test_a_snippet_trusts_a_certificate_as_it_says(
    scoreline: Any, server: Served, http: httpx.Client, tmp_path: Path, language: str
) -> None:
    require(language, tmp_path)
    how = LANGUAGES[language]
    shutil.copy(scoreline.folder / "scoreline-cert.pem", tmp_path)
    save(tmp_path / how.file, pasted(http, server.beside["https_url"], language, "ibm"))
    assert scored(run(tmp_path, server.key, how.run[0], *how.trust, *how.run[1:]))["predictions"]


def test_powershell_parses_to_the_body_and_the_address(server: Served, http: httpx.Client) -> None:
    code = pasted(http, server.url, "powershell")
    told = run_client("snippets", "parse.py", given=code)
    assert told["errors"] == []
    body, address, _ = told["texts"]
    assert json.loads(body.removeprefix("@'").removesuffix("'@")) == {"rows": [ROW]}
    assert address == f"'{server.url}/api/v1/deployments/awkward/score'"
    assert run_client("snippets", "parse.py", given=code.replace("'@", "@'"))["errors"]


def logged(scoreline: Any) -> list[dict[str, Any]]:
    """The inputs of what was scored."""
    records = scoreline("log", "awkward", "--limit", "1000", "--json")
    assert records.status == 0, records.err
    return [{name: record[name] for name in ROW} for record in records.document["records"]]
