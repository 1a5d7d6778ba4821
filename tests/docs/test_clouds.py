"""What platforms say is documented, and the lines of docs/azure.md and docs/clouds.md do what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.platform import VARIABLES
from scoreline.app.settings import Settings, open_app
from scoreline.web.app import create_app
from scoreline.web.control.azure import azure_routes
from scoreline.web.control.clouds import cloud_routes
from scoreline.web.control.many_models import many_models_routes
from scoreline.web.gate import KeyGate
from scoreline.web.grpc import Door
from scoreline.web.server import background, bind
from scoreline.web.service import Service

DOCS = Path(__file__).parents[2] / "docs"
AZURE = (DOCS / "azure.md").read_text("utf-8")
LINES = re.findall(r"^    (curl (?:.*\\\n)*.*)$", AZURE, re.MULTILINE)


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.variable)
def test_what_a_platform_says_is_documented(variable) -> None:
    row = f"| {variable.name} | `{variable.variable}` | {variable.meaning} |"
    assert row in (DOCS / "settings.md").read_text("utf-8")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("azure")
    tiny_artifact(folder / "credit.scoreline")
    with open_app(Settings.of(home=folder, environment={})) as app:
        app.registry.register(folder / "credit.scoreline")
        app.registry.deploy("credit", "credit")
        key = app.security.create_key("me", space="default", role="scorer").secret
        web = create_app(app.registry, gate=KeyGate(app.security), control=app)
        with background(web, bind(port=0)) as url:
            yield {"PATH": os.environ["PATH"], "KEY": key, "URL": url}


def test_there_are_lines() -> None:
    assert len(LINES) == 2


@pytest.mark.parametrize("line", LINES)
def test_a_line_answers_with_json(line: str, environment: dict[str, str], tmp_path: Path) -> None:
    command = line.replace("http://127.0.0.1:9090", environment["URL"]).replace("/NAME/", "/credit/")
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    document = json.loads(done.stdout or (tmp_path / "swagger.json").read_text())
    assert document == '{"result": ["bad"]}' or document["swagger"] == "2.0"


def test_every_route_beside_scoring_is_documented(tmp_path: Path) -> None:
    documented = AZURE + (DOCS / "clouds.md").read_text("utf-8")
    with open_app(Settings.of(home=tmp_path, environment={})) as app:
        service = Service(app, None, None, None, None, None, {}, Door())  # type: ignore[arg-type]
        for routes in (azure_routes, cloud_routes, many_models_routes):
            for route in routes(service):
                last = route.path.replace("{name}", "NAME").rstrip("/").rpartition("/")[2]
                last = last.replace("{operation}", "operations")
                assert last in documented, route.path
