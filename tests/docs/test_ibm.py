"""docs/ibm.md and docs/api.md tell of all that IBM's callers find, and their lines do what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import Settings, open_app
from scoreline.serving.protocols.ibm import CODES
from scoreline.web.app import create_app
from scoreline.web.control.ibm.description import TOLD
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

DOCS = Path(__file__).parents[2] / "docs"
PAGE, API = ((DOCS / name).read_text("utf-8") for name in ("ibm.md", "api.md"))
TOKEN, SCORE = re.findall(r"^    (curl (?:.*\\\n)*.*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("path", TOLD)
def test_every_route_is_in_the_list_of_routes(path: str) -> None:
    told = re.findall(r"/[\w./-]+(?:\[/ID\])?", API)
    addresses = {text for each in told for text in (each.replace("[/ID]", ""), each.replace("[/ID]", "/ID"))}
    assert re.sub(r"{\w+}", "ID", path) in addresses


@pytest.mark.parametrize("code", CODES.values())
def test_every_code_of_an_error_is_told(code: str) -> None:
    assert f"`{code}`" in PAGE


def test_the_lines_give_a_token_and_score(tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "credit.scoreline")
    with open_app(Settings.of(home=tmp_path, environment={})) as app:
        app.registry.register(tmp_path / "credit.scoreline")
        app.registry.deploy("credit_risk", "credit")
        key = app.security.create_key("docs", role="scorer").secret
        application = create_app(app.registry, control=app, gate=KeyGate(app.security))
        with background(application, bind(port=0)) as url:
            variables = {"PATH": os.environ["PATH"], "KEY": key}
            token = run(TOKEN, url, variables)["access_token"]
            (found,) = run(SCORE, url, {**variables, "TOKEN": token})["predictions"]
    assert found["fields"] == ["prediction", "probability"]
    assert len(found["values"]) == 1


def run(line: str, url: str, variables: dict[str, str]) -> dict[str, str]:
    """Run a line of the page, on this server."""
    line = line.replace("https://127.0.0.1:9443", url)
    done = subprocess.run(["bash", "-c", line], env=variables, capture_output=True, text=True, timeout=30, check=True)
    told: dict[str, str] = json.loads(done.stdout)
    return told
