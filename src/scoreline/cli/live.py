"""An experiment while it runs: a redrawn leaderboard on a terminal, plain lines anywhere else."""

from __future__ import annotations

import math
import time

from msgspec.structs import asdict
from rich.console import Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from scoreline.automl.events import (
    DataChecked,
    Event,
    Finalising,
    Finished,
    Planned,
    Progress,
    Trial,
    TrialFinished,
    TrialStarted,
)
from scoreline.cli.render import data, wording
from scoreline.cli.render.theme import INDENT
from scoreline.cli.render.trials import SHOWN_TRIALS, leaderboard
from scoreline.cli.session import QUIET_SECONDS, Session

REDRAWS_A_SECOND = 8
ECHO_WIDTH = 4
"""Cells left free beside the live view: a terminal echoes ``^C`` there, and must not begin a line for it."""
LINES_BESIDE_TRIALS = 8
"""Lines of the live view that are not trials."""


class ExperimentView:
    """Shows an experiment's events; a context manager around the experiment.

    What is known before the first trial and the final leaderboard go to the report; what changes goes to stderr.
    """

    def __init__(self, session: Session, target: str) -> None:
        self._session = session
        self._target = target
        self._plan: Planned | None = None
        self._trials: dict[int, Trial] = {}
        self._running: dict[int, str] = {}
        self._step = ""
        self._best: float | None = None
        self._ends_at = 0.0
        self._told_at = time.monotonic()
        self._spinner = Spinner("dots", style="accent")
        self._live: Live | None = None

    def __enter__(self) -> ExperimentView:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the live view away; what was learned stays in the report."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def on_event(self, event: Event) -> None:
        """Show one event."""
        match event:
            case DataChecked():
                self._on_data(event)
            case Planned():
                self._on_plan(event)
            case TrialStarted():
                self._running[event.number] = event.learner
            case TrialFinished():
                self._on_trial(event.trial)
            case Progress():
                self._on_progress(event)
            case Finalising():
                self._on_step(event.step)
            case Finished():
                self.stop()

    def _on_data(self, event: DataChecked) -> None:
        width = self._session.width - 2
        bodies: list[RenderableType] = [
            data.headline(event.name, event.n_rows, event.n_columns),
            data.outcome(self._target, event.task, event.balance, width),
            Text(),
            data.columns(event.columns, event.excluded, width),
        ]
        if event.guardrails:
            bodies += [Text(), data.guardrails(event.guardrails)]
        self._session.section("Data", *bodies)

    def _on_plan(self, event: Planned) -> None:
        self._plan = event
        self._ends_at = time.monotonic() + event.budget_seconds
        direction = "higher is better" if event.greater_is_better else "lower is better"
        self._session.section(
            "Training",
            Text(event.validation),
            Text(
                f"{event.scorer}, {direction} · {wording.count(event.n_workers, 'worker')}"
                f" · {wording.seconds(event.budget_seconds)}"
            ),
            Text(),
        )
        self._step = ""
        if self._session.live:
            self._live = Live(
                get_renderable=self._frame,
                console=self._session.progress,
                refresh_per_second=REDRAWS_A_SECOND,
                transient=True,
            )
            self._live.start()

    def _on_trial(self, trial: Trial) -> None:
        self._trials[trial.number] = trial
        self._running.pop(trial.number, None)
        if self._session.live:
            return
        if trial.status == "failed":
            self._line(f"trial {trial.number} {trial.learner} failed: {trial.reason}")
        elif trial.status == "done" and self._ordered()[0].number == trial.number:
            sd = "" if trial.sd is None else f" ± {wording.spread(trial.sd, trial.score)}"
            self._line(f"trial {trial.number} {trial.learner}: {wording.score(trial.score)}{sd}, the best so far")

    def _on_progress(self, event: Progress) -> None:
        self._ends_at = time.monotonic() + event.left_seconds
        self._best = event.best
        if not self._session.live and time.monotonic() - self._told_at >= QUIET_SECONDS:
            best = "" if event.best is None else f", best {wording.score(event.best)}"
            tried = wording.count(len(self._trials), "trial")
            self._line(f"{event.phase}: {tried}{best}, {wording.seconds(event.left_seconds)} left")

    def _on_step(self, step: str) -> None:
        self._step = step
        self._running.clear()
        if not self._session.live:
            self._line(step)

    def _line(self, text: str) -> None:
        self._told_at = time.monotonic()
        self._session.note(f"  {text}")

    def _ordered(self) -> list[Trial]:
        sign = -1 if self._plan is not None and self._plan.greater_is_better else 1
        return sorted(self._trials.values(), key=lambda trial: math.inf if trial.score is None else sign * trial.score)

    def _frame(self) -> RenderableType:
        width = self._session.width - INDENT - ECHO_WIDTH
        room = max(1, self._session.progress.height - LINES_BESIDE_TRIALS)
        trials = [asdict(trial) for trial in self._ordered()]
        board = leaderboard(
            trials, self._plan.scorer if self._plan else "score", width, min(SHOWN_TRIALS, room), min(3, room)
        )
        return Padding(Group(board, Text(), self._bar(width), self._now(width)), (0, 0, 0, INDENT), expand=False)

    def _bar(self, width: int) -> RenderableType:
        total = self._plan.budget_seconds if self._plan else 1.0
        left = max(0.0, self._ends_at - time.monotonic())
        facts = f"{left:.0f} s left · {wording.count(len(self._trials), 'trial')}"
        if self._best is not None:
            facts += f" · best {wording.score(self._best)}"
        grid = Table.grid(padding=(0, 2, 0, 0))
        cells = max(8, width - len(facts) - 4)
        bar = ProgressBar(total=total, completed=total - left, width=cells, complete_style="bar", finished_style="bar")
        grid.add_row(bar, facts)
        return grid

    def _now(self, width: int) -> RenderableType:
        doing = self._step or ", ".join(f"{name} (trial {number})" for number, name in sorted(self._running.items()))
        self._spinner.update(text=Text(wording.short(doing or "starting", width - 4), style="quiet"))
        return self._spinner
