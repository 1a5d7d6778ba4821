"""Commands in a space of their own: by `--space`, by the environment, and never beyond it."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts import ROWS, tiny_artifact
from typer.main import get_command

from scoreline.app.settings import Settings, open_app
from scoreline.cli.command import every
from scoreline.cli.run import app, run

WITHOUT_SPACE = {
    "demo": "it has a home of its own",
    "serve": "it answers for every space",
    "space create": "it names the space itself",
    "space list": "it lists all",
    "space delete": "it names the space itself",
    "key revoke": "a key has one name in all spaces",
    "user list": "users are the installation's",
    "user password": "users are the installation's",
    "user remove": "users are the installation's",
    "cert": "it makes a file",
}
"""The commands that need not be told a space, and why."""

Say = Callable[[str], Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the space `team`; both spaces have a model and a deployment `credit`."""
    folder = tmp_path_factory.mktemp("spaces")
    with open_app(Settings.of(home=folder / "home", environment={})) as opened:
        opened.security.create_space("team")
        for number, space, weight in ((1, "default", 0.001), (2, "team", 0.9)):
            tiny_artifact(folder / f"{number}.scoreline", weight=weight)
            opened.registry_in(space).register(folder / f"{number}.scoreline")
            opened.registry_in(space).deploy("credit", "credit")
    return folder


@pytest.fixture
def say(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run commands in a copy of it."""
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def said(line: str, status: int = 0) -> Any:
        capsys.readouterr()
        assert run(shlex.split(line)) == status, line
        return capsys.readouterr()

    return said


def documents(say: Say, *lines: str) -> list[Any]:
    return [json.loads(say(f"{line} --json").out) for line in lines]


def test_every_command_is_told_its_space_or_needs_none() -> None:
    commands: Any = get_command(app)
    without = {
        name
        for name, command in every(commands.commands)
        if not any("--space" in parameter.opts for parameter in command.params)
    }
    assert without <= set(WITHOUT_SPACE)


def test_a_command_sees_the_models_and_deployments_of_its_space(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = documents(say, "deployments", "deployments --space team")
    [mine], [theirs] = here["deployments"], there["deployments"]
    assert (mine["space"], mine["name"], theirs["space"], theirs["name"]) == ("default", "credit", "team", "credit")
    assert mine["digest"] != theirs["digest"]
    monkeypatch.setenv("SCORELINE_SPACE", "team")
    assert documents(say, "deployments", "deployments --space default") == [there, here]
    assert documents(say, "models")[0]["models"][0]["space"] == "team"


def test_the_same_words_change_one_space_only(say: Say) -> None:
    before = documents(say, "models", "deployments", "versions credit", "traffic credit", "record credit")
    for line in (
        "register 1.scoreline --model credit",
        "promote credit@2",
        "promote credit@1 --alias challenger",
        "traffic credit challenger=10 --shadow challenger",
        "record credit --off",
        "rollback credit",
        "deploy credit@1 --name pinned",
        "undeploy credit",
    ):
        say(f"{line} --space team")
    assert documents(say, "models", "deployments", "versions credit", "traffic credit", "record credit") == before
    assert [each["name"] for each in documents(say, "deployments --space team")[0]["deployments"]] == ["pinned"]


def test_rows_are_scored_and_files_looked_into_by_the_spaces_names(say: Say, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    assert say("score credit rows.jsonl").out != say("score credit rows.jsonl --space team").out
    say("undeploy credit")
    assert "credit" in say("score credit@2 rows.jsonl", status=4).err
    found = documents(say, "inspect credit --space team")[0]
    assert (found["deployment"], found["model"], found["version"]) == ("credit", "credit", 1)


@pytest.mark.parametrize("line", ["models", "deployments", "undeploy credit", "log credit", "register 1.scoreline"])
def test_a_space_that_is_not_there_is_said_so(say: Say, line: str) -> None:
    assert "no space 'nowhere'" in say(f"{line} --space nowhere", status=4).err


def test_the_next_command_is_for_the_same_space(say: Say) -> None:
    assert "deploy credit --space team" in say("register 1.scoreline --space team").err
    assert "serve" in (told := say("deploy credit --space team").err)
    assert "--space" not in told


def test_keys_and_roles_are_for_the_space_of_the_environment(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORELINE_SPACE", "team")
    assert documents(say, "key create web-shop")[0]["key"]["space"] == "team"
    assert list(documents(say, "user add robot --machine --role scorer")[0]["roles"]) == ["team"]


def test_a_space_with_a_model_is_not_deleted(say: Say) -> None:
    assert "not empty" in say("space delete team", status=3).err
