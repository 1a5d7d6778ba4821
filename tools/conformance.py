"""Run the conformance kit; write ``docs/conformance.md``: a line for a scenario, a column for a dialect."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scoreline import __version__

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"
KIT = ROOT / "tests" / "protocols"
HEAD = f"""# Conformance

Written by `make conformance` from a run of `tests/protocols`: one set of scenarios for every dialect. Each request goes
down the fast lane and through ASGI, and the answers must be the same; gRPC has a listener of its own. A cell says in
how many variants (forms of the body, media, tasks, ways of being wrong) the dialect passed; `NO` and how many failed
would stand beside. An empty cell is a scenario that the dialect has no way to meet, or that one medium of each kind is
asked.

Scoreline {__version__}, {datetime.now(UTC):%Y-%m-%d}.

"""


class Results:
    """What became of each test, by scenario and dialect."""

    def __init__(self) -> None:
        self.passed: Counter[tuple[str, str]] = Counter()
        self.failed: Counter[tuple[str, str]] = Counter()
        self._of: dict[str, tuple[str, str]] = {}

    def pytest_itemcollected(self, item: Any) -> None:
        """Remember what a test is about."""
        speaker = getattr(item, "callspec", None) and item.callspec.params.get("speaker")
        if speaker:
            self._of[item.nodeid] = (item.originalname, speaker.name)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take note of what became of it."""
        about = self._of.get(report.nodeid)
        if about is None:
            return
        if report.failed:
            self.failed[about] += 1
        elif report.when == "call" and report.passed:
            self.passed[about] += 1

    def table(self) -> str:
        """Return all of it in Markdown."""
        abouts = dict.fromkeys(self._of.values())
        scenarios = list(dict.fromkeys(scenario for scenario, _ in abouts))
        dialects = list(dict.fromkeys(dialect for _, dialect in abouts))
        lines = ["| scenario | " + " | ".join(dialects) + " |", "|---|" + "---:|" * len(dialects)]
        for scenario in scenarios:
            cells = [self._cell((scenario, dialect)) for dialect in dialects]
            lines.append(f"| {scenario.removeprefix('test_').replace('_', ' ')} | " + " | ".join(cells) + " |")
        totals = [str(sum(n for (_, name), n in self.passed.items() if name == dialect)) for dialect in dialects]
        return "\n".join([*lines, "| **all** | " + " | ".join(totals) + " |"]) + "\n"

    def _cell(self, about: tuple[str, str]) -> str:
        if self.failed[about]:
            return f"{self.passed[about]} **NO {self.failed[about]}**"
        return str(self.passed[about] or "")


def main() -> int:
    """Run the kit and write the page."""
    results = Results()
    status = pytest.main(["-q", "--no-header", "-p", "no:randomly", str(KIT)], plugins=[results])
    PAGE.write_text(HEAD + results.table(), encoding="utf-8")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
