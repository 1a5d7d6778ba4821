"""An experiment's events, shown."""

import sys
from io import StringIO

import pytest
from rich.console import Console

from scoreline.automl.events import (
    DataChecked,
    Finalising,
    Planned,
    Progress,
    Trial,
    TrialFinished,
    TrialStarted,
)
from scoreline.cli.live import ExperimentView
from scoreline.cli.render.theme import THEME
from scoreline.cli.session import Session
from scoreline.cli.values import duration
from scoreline.core.entities import Guardrail
from scoreline.core.errors import BadSetting
from scoreline.core.schema import Column

DATA = DataChecked(
    name="credit",
    n_rows=1000,
    n_columns=2,
    columns=[Column(name="age", type="number")],
    excluded={},
    guardrails=[Guardrail(name="leakage", result="alerted", sentence="`age` is suspicious")],
    task="binary",
    labels=["bad", "good"],
    balance={"bad": 0.3, "good": 0.7},
)
PLAN = Planned(
    validation="5-fold cross-validation", scorer="auc", greater_is_better=True, n_workers=2, budget_seconds=30
)


def finished(number, score, status="done", reason=""):
    return TrialFinished(
        trial=Trial(
            number=number,
            learner="linear",
            features="linear",
            params={},
            status=status,
            score=score,
            sd=0.01,
            seconds=1.0,
            reason=reason,
        )
    )


EVENTS = [
    DATA,
    PLAN,
    TrialStarted(number=1, learner="linear", features="linear"),
    finished(1, 0.7),
    TrialStarted(number=2, learner="linear", features="linear"),
    finished(2, 0.6),
    finished(3, None, "failed", "boom"),
    finished(4, 0.8),
    Progress(phase="search", elapsed_seconds=10, left_seconds=20, best=0.8),
    Finalising(step="proving"),
]


def show(session):
    with ExperimentView(session, "risk") as view:
        for event in EVENTS:
            view.on_event(event)


def test_without_a_terminal_progress_is_lines_on_stderr_and_the_data_is_the_report(capsys):
    show(Session())
    out, err = capsys.readouterr()
    assert "1,000 rows" in out
    assert "`age` is suspicious" in out
    assert "5-fold cross-validation" in out
    assert "auc, higher is better" in out
    assert "trial 1 linear: 0.7000 ± 0.0100, the best so far" in err
    assert "trial 4 linear: 0.8000" in err
    assert "trial 2" not in err
    assert "trial 3 linear failed: boom" in err
    assert "proving" in err
    assert "\x1b" not in out + err


def test_with_json_nothing_but_the_document_goes_to_stdout(capsys):
    show(Session(as_json=True))
    out, err = capsys.readouterr()
    assert out == ""
    assert "1,000 rows" in err


def test_on_a_terminal_the_leaderboard_is_redrawn_and_taken_away(monkeypatch):
    stream = StringIO()
    session = Session()
    session.progress = session.report = Console(
        file=stream, force_terminal=True, width=60, height=30, theme=THEME, highlight=False
    )
    with ExperimentView(session, "risk") as view:
        for event in EVENTS[:-1]:
            view.on_event(event)
        frame = Console(file=StringIO(), width=60, theme=THEME)
        frame.print(view._frame())
    text = frame.file.getvalue()
    assert "0.8000" in text
    assert "20 s left · 4 trials · best 0.8000" in text
    assert "boom" in text
    assert "\x1b[?25h" in stream.getvalue(), "the cursor is shown again"


def test_an_error_in_the_middle_takes_the_live_view_away():
    session = Session()
    session.progress = Console(file=StringIO(), force_terminal=True, width=60, theme=THEME)
    session.report = Console(file=StringIO(), theme=THEME)
    view = ExperimentView(session, "risk")
    view.on_event(PLAN)
    with pytest.raises(BadSetting), view:
        duration("soon")
    assert view._live is None


def test_the_pipe_of_a_report_has_no_trailing_blanks(capsys):
    Session().section("Data", "x")
    assert all(line == line.rstrip() for line in capsys.readouterr().out.splitlines())


def test_a_command_is_told_as_the_shell_finds_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / ".venv/bin/scoreline")])
    assert Session().program == ".venv/bin/scoreline"
    script = tmp_path / "scoreline"
    script.touch(mode=0o755)
    assert Session().program == "scoreline"
