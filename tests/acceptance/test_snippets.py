"""Snippets as they are pasted: saved, compiled and run as their first lines say, against a server with a key."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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


class Ended(NamedTuple):
    """What became of a snippet."""

    answered: Ran
    refused: Ran
    """With a key that is none."""
    trusting: Ran | None
    """Over HTTPS, in another dialect."""


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


def installed(language: str, folder: Path) -> bool:
    return language in ALWAYS or run(folder, "", NEEDS[language]).status == 0


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


@pytest.fixture(scope="module")
def ended(
    scoreline: Any, server: Served, http: httpx.Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Ended | None]]]:
    """Every language whose tools are here, side by side."""

    def end(language: str, folder: Path) -> Ended | None:
        if not installed(language, folder):
            return None
        how, trusting = LANGUAGES[language], None
        commands = RUN_BY.get(language, how.run[1:])
        save(folder / how.file, pasted(http, server.url, language))
        answered = run(folder, server.key, SET_KEY, *commands)
        refused = run(folder, "sl_no", SET_KEY, commands[-1])
        if language in BY_CERTIFICATE:
            shutil.copy(scoreline.folder / "scoreline-cert.pem", folder)
            save(folder / how.file, pasted(http, server.beside["https_url"], language, "ibm"))
            trusting = run(folder, server.key, how.run[0], *how.trust, *how.run[1:])
        return Ended(answered, refused, trusting)

    slowest_first = sorted(LANGUAGES.names, key=lambda name: name not in ("scala", "java"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(end, name, tmp_path_factory.mktemp(name)) for name in slowest_first}


def result(ended: dict[str, Future[Ended | None]], language: str) -> Ended:
    """Skip where a language is not installed, but in CI, where it must be."""
    found = ended[language].result()
    if found is not None:
        return found
    if language in NOT_IN_DEBIAN:
        pytest.skip(f"{language} is not installed here, and not to be had from Debian: it is parsed")
    told = f"{language} is not installed here (`{NEEDS[language]}` fails); .ci/run tells what is to be"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


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
def test_a_snippet_scores_and_without_a_key_fails_with_what_to_do(
    ended: dict[str, Future[Ended | None]], language: str
) -> None:
    answered, refused, _ = result(ended, language)
    assert scored(answered)["predictions"][0]["label"] in ("good", "bad")
    assert refused.status != 0
    assert "401" in refused.err
    assert "unauthenticated" in refused.out + refused.err


@pytest.mark.parametrize("language", BY_CERTIFICATE)
def test_a_snippet_trusts_a_certificate_as_it_says(ended: dict[str, Future[Ended | None]], language: str) -> None:
    trusting = result(ended, language).trusting
    assert trusting is not None
    assert scored(trusting)["predictions"]


def test_every_row_arrived_as_it_is(scoreline: Any, ended: dict[str, Future[Ended | None]]) -> None:
    n_run = sum(future.result() is not None for future in ended.values())
    records = scoreline("log", "awkward", "--limit", "1000", "--json").document["records"]
    assert sum(record["dialect"] == "native" for record in records) >= n_run
    assert [row for record in records if (row := {name: record[name] for name in ROW}) != ROW] == []


def test_powershell_parses_to_the_body_and_the_address(server: Served, http: httpx.Client) -> None:
    code = pasted(http, server.url, "powershell")
    told = run_client("snippets", "parse.py", given=code)
    assert told["errors"] == []
    body, address, _ = told["texts"]
    assert json.loads(body.removeprefix("@'").removesuffix("'@")) == {"rows": [ROW]}
    assert address == f"'{server.url}/api/v1/deployments/awkward/score'"
    assert run_client("snippets", "parse.py", given=code.replace("'@", "@'"))["errors"]
