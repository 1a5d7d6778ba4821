"""The leaderboard: trials in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from scoreline.cli.render import wording
from scoreline.cli.render.theme import mark, table

SHOWN_TRIALS = 8
SHOWN_FAILURES = 3
SHOWN_PARAMETERS = 3
NUMBERS_WIDTH = 36
"""Cells of rank, spread, time, weight and the gaps between them."""
SETTINGS_FROM_WIDTH = 72
"""A narrower terminal has no room for what the trials tried."""


def is_ensemble(trial: Mapping[str, Any]) -> bool:
    """Tell the blend of trials from the trials."""
    return bool(trial["learner"] == "ensemble")


def leaderboard(
    trials: Sequence[Mapping[str, Any]], scorer: str, width: int, shown: int = SHOWN_TRIALS, at_least: int = 0
) -> RenderableType:
    """Show the first trials with their scores; what failed or was stopped is counted, and failures say why.

    ``trials`` are in leaderboard order and have the fields of ``automl.events.Trial``.
    ``at_least`` keeps room for trials that will come.
    """
    done = [trial for trial in trials if trial["status"] == "done"]
    wide = width >= SETTINGS_FROM_WIDTH
    weighted = any(is_ensemble(trial) for trial in done)
    grid = table(
        "",
        "learner",
        scorer,
        "± sd",
        "time",
        *(["weight"] if weighted else []),
        *(["settings"] if wide else []),
        right=frozenset({"", scorer, "time", "weight"}),
    )
    for column in grid.columns:
        column.no_wrap, column.overflow = True, "ellipsis"
    names = max((len(str(trial["learner"])) for trial in done[:shown]), default=8)
    room = max(8, width - names - len(scorer) - NUMBERS_WIDTH)
    for rank, trial in enumerate(done[:shown], 1):
        cells: list[RenderableType] = [
            str(rank),
            str(trial["learner"]),
            wording.score(trial["score"]),
            Text(wording.spread(trial["sd"], trial["score"]), style="quiet"),
            wording.seconds(trial["seconds"]),
        ]
        if weighted:
            cells.append("" if is_ensemble(trial) or not trial.get("weight") else f"{100 * trial['weight']:.0f} %")
        if wide:
            cells.append(Text(wording.begin(_settings(trial), room), style="quiet"))
        grid.add_row(*cells, style="best" if rank == 1 else None)
    for _ in range(at_least - len(done)):
        grid.add_row("")
    return Group(grid, *_below(trials, len(done), shown))


def _below(trials: Sequence[Mapping[str, Any]], n_done: int, shown: int) -> list[RenderableType]:
    lines: list[RenderableType] = []
    failed = [trial for trial in trials if trial["status"] == "failed"]
    killed = sum(trial["status"] == "killed" for trial in trials)
    parts = [f"{n_done - shown} more"] if n_done > shown else []
    parts += [f"{killed} stopped early"] if killed else []
    if parts:
        lines.append(Text(f"   {', '.join(parts)}", style="quiet"))
    for trial in failed[:SHOWN_FAILURES]:
        reason = str(trial["reason"]).strip().splitlines()[0] if str(trial["reason"]).strip() else "no reason given"
        lines.append(
            Text.assemble(" ", mark("failed"), f" {trial['learner']} (trial {trial['number']}) failed: {reason}")
        )
    if len(failed) > SHOWN_FAILURES:
        lines.append(Text(f"   {len(failed) - SHOWN_FAILURES} more failed", style="quiet"))
    return lines


def _settings(trial: Mapping[str, Any]) -> str:
    params = trial["params"]
    if is_ensemble(trial):
        return ", ".join(map(str, params.get("members", ())))
    return " ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in list(params.items())[:SHOWN_PARAMETERS]
    )
