"""`scoreline log` on a terminal, in a pipe and for a script."""

from __future__ import annotations

import csv
import json
import threading
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from tests.artifacts import ROWS, tiny_artifact
from tests.unit.prediction_log.conftest import ask

from scoreline.app import prediction_log as use_cases
from scoreline.app.settings import Settings, open_app
from scoreline.cli.render import prediction_log as render
from scoreline.cli.render.theme import THEME
from scoreline.cli.run import run
from scoreline.core.errors import BadSetting
from scoreline.prediction_log.losses import Losses
from scoreline.scoring.pipeline import load
from scoreline.serving.active import Active


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def credit(tmp_path: Path) -> Active:
    tiny_artifact(tmp_path / "credit.scoreline")
    pipeline = load(tmp_path / "credit.scoreline")
    return Active("credit", "credit", 1, "sha256:1", pipeline, datetime.now(UTC))


@pytest.fixture
def logged(home: Path, credit: Active) -> Path:
    """A home whose registry knows no deployment, and whose log has two requests of one."""
    with use_cases.open_log(Settings.of(home=home, environment={})) as log:
        assert log is not None
        ask(log, credit, ROWS, {"age": 50}, ids=["first-of-two-requests", "second"])
    return home


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    capsys.readouterr()
    assert run(words) == 0
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_a_record_is_a_line(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heading, *lines = said(capsys, "log", "credit")[0].splitlines()
    assert heading.split()[:5] == ["time", "request", "row", "version", "latency"]
    assert len(lines) == 3
    assert "first-of-…" in lines[0]
    for part in ("risk.predicted bad", "age 42", "amount 1500.5", "purpose radio"):
        assert part in lines[0]
    assert "age –" in lines[1]
    assert lines[2].split()[2:5] == ["second", "1", "1"]


def test_one_record_is_shown_whole(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "log", "credit", "--request-id", "second")
    assert "caller          10.0.0.1" in out
    assert "age             50" in out


def test_a_narrow_terminal_gets_what_fits() -> None:
    record = {"time": datetime.now(UTC), "request_id": "a" * 40, "row": 1, "version": 3, "latency_ms": 0.25}
    record |= {"shadow": True, "age": 1.0, "when": datetime(2024, 1, 1), "flag": True, "none": None}  # noqa: DTZ001
    [whole] = render.records([record], None)
    assert "3 s    250 µs  age 1  when 2024-01-01 00:00:00.000  flag true  none –" in whole.plain
    [cut] = render.records([record], 60)
    assert len(cut.plain) == 60
    console = Console(file=StringIO(), width=60, theme=THEME)
    console.print(render.record(record | {"caller": None}))
    assert "caller" not in console.file.getvalue()  # type: ignore[attr-defined]


def test_records_go_to_a_file(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, err = said(capsys, "log", "credit", "-o", str(logged / "out.parquet"))
    assert "3 records into" in err
    assert pl.read_parquet(logged / "out.parquet")["age"].to_list() == [42.0, None, 50.0]
    out, _ = said(capsys, "log", "credit", "-o", "-", "--where", "age >= 42", "--limit", "1")
    assert [row["age"] for row in csv.DictReader(StringIO(out))] == ["50.0"]


def test_scripts_get_numbers(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "log", "credit", "--json", "-n", "1")[0])
    [record] = found["records"]
    assert (record["request_id"], record["age"], record["amount"]) == ("second", 50.0, None)
    stats = json.loads(said(capsys, "log", "credit", "--stats", "--json")[0])
    assert (stats["n_requests"], stats["n_rows"], stats["lost"]) == (2, 3, None)


def test_what_there_is_is_listed_and_counted(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "credit" in said(capsys, "log")[0]
    out, _ = said(capsys, "log", "credit", "--stats")
    assert "lost      nothing" in out
    out, _ = said(capsys, "log", "credit", "--compact", "-n", "1")
    assert "1 segment became 1 table" in out
    assert "second" in out
    assert "in 1 file\n" in said(capsys, "log", "credit", "--stats")[0]


def test_losses_are_shown_while_they_happen(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    losses = Losses(logged / "predictions" / "losses")
    losses.add("credit", "credit", 3, 7, "No space left on device")
    losses.save()
    out, _ = said(capsys, "log", "credit", "--stats")
    assert "lost      3 requests from" in out
    assert "No space left on device" in out
    assert said(capsys, "log")[0].splitlines()[1].split()[-1] == "3"
    losses.close()


def test_nothing_logged_says_how_to_begin(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, "log")
    assert out == ""
    assert "no prediction was logged yet" in err


def test_following_goes_on_with_new_records(home: Path, credit: Active) -> None:
    stop = threading.Event()
    with open_app() as app, use_cases.open_log(app.settings) as log:
        assert log is not None
        ask(log, credit, {"age": 1}, {"age": 2}, ids=["1", "2"])
        wanted = use_cases.Wanted("credit", where=("age != 4",))
        found = use_cases.follow(app, wanted, 1, stop, every_seconds=0.0)
        assert next(found)["age"].to_list() == [2.0]
        ask(log, credit, {"age": 3}, {"age": 4}, {"age": 5})
        assert next(found)["age"].to_list() == [3.0, 5.0]
        stop.set()
        assert list(found) == []


def test_a_log_that_is_switched_off_is_none(home: Path) -> None:
    with use_cases.open_log(Settings.of(home=home, environment={"SCORELINE_PREDICTION_LOG": "off"})) as log:
        assert log is None
    assert not (home / "predictions").exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SCORELINE_PREDICTION_LOG", "yes"),
        ("SCORELINE_PREDICTION_LOG_DAYS", "-1"),
        ("SCORELINE_PREDICTION_LOG_DAYS", "week"),
        ("SCORELINE_PREDICTION_LOG_SEGMENT_MB", "0"),
        ("SCORELINE_PREDICTION_LOG_SEGMENT_SECONDS", "inf"),
    ],
)
def test_a_setting_that_cannot_be_is_told(variable: str, value: str) -> None:
    with pytest.raises(BadSetting, match=variable):
        Settings.of(environment={variable: value})
