"""What `traffic`, `record`, `deployments` and `deploy` tell of splits, shadows and logs."""

import json
import shlex

import pytest
from tests.artifacts import tiny_artifact

from scoreline.cli.run import run


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Run commands in a home where `credit` has three versions, is deployed, and 2 is @challenger."""
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def said(line):
        capsys.readouterr()
        assert run(shlex.split(line)) == 0
        return capsys.readouterr()

    for number in (1, 2, 3):
        tiny_artifact(tmp_path / f"{number}.scoreline", weight=number / 1000)
        said(f"register {number}.scoreline")
    said("promote credit@2 --alias challenger")
    said("deploy credit")
    return said


def table(out):
    return [line.split() for line in out.splitlines()]


def test_traffic_shows_who_gets_how_much(say):
    assert table(say("traffic credit").out)[1:] == [["1", "@champion", "100", "%"]]
    out = say("traffic credit challenger=10 @3=2.5% --sticky").out
    assert table(out)[1:4] == [
        ["1", "@champion", "87.5", "%"],
        ["2", "@challenger", "10", "%"],
        ["3", "version", "3", "2.5", "%"],
    ]
    assert "X-Scoreline-Routing-Key" in out
    assert say("traffic credit").out == out


def test_a_shadow_and_a_split_end_each_by_itself_or_together(say):
    say("traffic credit challenger=10 --shadow 3")
    assert table(say("traffic credit --no-split").out)[1:] == [
        ["1", "@champion", "100", "%"],
        ["3", "version", "3", "shadow", "100", "%"],
    ]
    say("traffic credit challenger=10 --no-shadow")
    assert "shadow" not in say("traffic credit").out
    say("traffic credit --shadow @challenger=20")
    assert table(say("traffic credit --clear").out)[1:] == [["1", "@champion", "100", "%"]]


def test_weights_change_and_stay_sticky_until_it_is_said(say):
    say("traffic credit challenger=10 --sticky")
    assert "X-Scoreline-Routing-Key" in say("traffic credit challenger=25").out
    assert "X-Scoreline-Routing-Key" not in say("traffic credit --not-sticky").out
    assert "25 %" in say("traffic credit").out


def test_deployments_show_splits_shadows_and_logs_when_there_are_any(say):
    assert "requests" not in say("deployments").out
    say("traffic credit challenger=10 --shadow 3=20")
    say("record credit --sample 50 --hide age,amount")
    lines = say("deployments").out.splitlines()
    assert lines[0].split() == ["deployment", "model", "follows", "version", "requests", "log", "since"]
    assert "90 %" in lines[1]
    assert "50 %, 2 hidden" in " ".join(" ".join(lines[1:3]).split())
    assert ["@challenger", "2", "10", "%"] in table("\n".join(lines))


def test_another_target_says_what_it_ends(say):
    say("traffic credit challenger=10 --shadow 3=20")
    assert say("deploy credit --no-default").err.count("ended") == 0
    said = say("deploy credit@challenger --json")
    assert "its split (@challenger 10 %) and its shadow (3) ended" in said.err
    assert json.loads(said.out)["split"] == []


def test_record_shows_what_is_kept(say):
    assert table(say("record credit").out) == [["requests", "100", "%"], ["columns", "all"]]
    say("record credit --hide age --sample 12.5")
    assert table(say("record credit").out) == [["requests", "12.5", "%"], ["columns", "all", "but", "age"]]
    assert "log is off" in say("record credit --off").out
    assert "nothing keeps what the shadow answers" in say("traffic credit --shadow 2").err
    assert table(say("record credit --on --show age").out)[1] == ["columns", "all"]
