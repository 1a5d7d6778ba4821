"""The lines of docs/udacity.md do what they say, and it tells what the answers hold."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.data_sets import DataFolder
from scoreline.app.data_sets.quality import Quality
from scoreline.app.settings import Settings, open_app
from scoreline.web.app import create_app
from scoreline.web.control.udacity.diagnostics import Diagnostics, Timing
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

PAGE = (Path(__file__).parents[2] / "docs" / "udacity.md").read_text("utf-8")
LINES = re.findall(r"^    (curl .*)$", PAGE, re.MULTILINE)


def test_the_lines_answer(tmp_path: Path) -> None:
    (tmp_path / "testdata.csv").write_text("age,risk\n42,bad\n20,good\n")
    tiny_artifact(tmp_path / "credit.scoreline")
    answers: list[Any] = []
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as app:
        app.registry.register(tmp_path / "credit.scoreline")
        app.registry.deploy("credit", "credit")
        key = app.security.create_key("me", space="default", role="scorer").secret
        web = create_app(app.registry, gate=KeyGate(app.security), data_folder=DataFolder(tmp_path))
        with background(web, bind(port=0)) as url:
            for line in LINES:
                command = line.replace("http://127.0.0.1:9090", url).replace("/NAME/", "/credit/")
                environment = {"PATH": os.environ["PATH"], "KEY": key}
                done = subprocess.run(
                    ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, check=True, timeout=30
                )
                answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1] == ["bad", "bad"]
    assert answers[2]["n_rows"] == 2


@pytest.mark.parametrize("struct", [Quality, Timing, Diagnostics])
def test_every_member_of_an_answer_is_told(struct: type) -> None:
    told = {"deployment", "model", "version"}  # whose they are
    assert [name for name in msgspec.structs.fields(struct) if name.name not in told and name.name not in PAGE] == []
