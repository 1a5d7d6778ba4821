"""Run what the tutorials have their readers run; write ``docs/tutorials.md``: a row a command, with both answers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scoreline import __version__

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "tutorials.md"
TEST = ROOT / "tests" / "acceptance" / "test_tutorials.py"
HEAD = f"""# The tutorials' own commands

Written by `make tutorials`, which runs what these tutorials have their readers run, against real servers: only hosts,
keys and names are changed. The same run is a test (`tests/acceptance/test_tutorials.py`). Our models are small:
scikit-learn has learned them from made-up tables of the tutorials' columns, and `scoreline import` has taken them in.
So the shapes of the answers are the originals', and the numbers are not. Scripts of others are not kept here: those of
`tests/acceptance/tutorials/scripts` do what theirs do.

Scoreline {__version__}, {datetime.now(UTC):%Y-%m-%d}.

"""
COLUMNS = ("", "tutorial", "what it runs", "changed", "our answer", "the original's")
ELSEWHERE = [
    ("tutorial", "what it runs", "test"),
    (
        "IBM Watson Machine Learning",
        "the batch notebook's calls, with IBM's own client: space and deployment by name, a job, polled to `completed`",
        "`test_client_ibm.py`: `test_the_batch_notebook_runs_to_completed`",
    ),
    (
        "IBM Watson Machine Learning",
        "a model stored, deployed, scored and deleted, with both of IBM's clients, over TLS",
        "`test_client_ibm.py`: `test_a_client_of_ibms_goes_through_the_life_of_a_model`",
    ),
    (
        "H2O Driverless AI",
        "the two services of its Python scoring pipeline, JSON-RPC and Thrift",
        "`test_client_rpc.py`",
    ),
]
NOT_HERE = """
Azure's SDK, which `logs.py` calls, finds services through Azure's sign-in and cannot be pointed elsewhere: what it
would print is fetched with curl. Pipelines that the Azure courses publish are not here yet.
"""
LONGEST_COMMAND, LONGEST_ANSWER = 200, 330
_SECRET = re.compile(r"[\w.-]{60,}")
Told = Mapping[str, Any]


class Results:
    """What the tests tell of their steps."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take note of what a step has told."""
        if report.when == "call" and report.passed:
            self.told += [told for name, told in report.user_properties if name == "told"]


def main() -> int:
    """Run the steps and, where all of them answer as they should, write the page."""
    results = Results()
    status = pytest.main(["-q", "--no-header", "-p", "no:randomly", str(TEST)], plugins=[results])
    if status == 0:
        rows = [_row(number, told) for number, told in enumerate(results.told, 1)]
        whole = [line for number, told in enumerate(results.told, 1) for line in _whole(number, told)]
        others = "Run by other tests of `tests/acceptance`, with the clients that they need:"
        lines = [*_table([COLUMNS, *rows]), "", others, "", *_table(ELSEWHERE), NOT_HERE]
        PAGE.write_text(HEAD + "\n".join([*lines, "## The commands, whole", "", *whole]), encoding="utf-8")
    return int(status)


def _row(number: int, told: Told) -> tuple[str, ...]:
    command = re.sub(r"'\{.*?\}'", "'{…}'", told["command"], flags=re.DOTALL).replace("\\\n", " ")
    command = _short(command.strip().replace("\n", "; "), LONGEST_COMMAND)
    changed = [f"{_code(printed)}: {value}" for printed, value in told["changed"].items()]
    answer = _short(_SECRET.sub("…", told["answer"]), LONGEST_ANSWER)
    what = f"{told['does']}: {_code(command)}"
    return str(number), told["tutorial"], what, "; ".join(changed), _code(answer), _code(told["original"])


def _whole(number: int, told: Told) -> Iterator[str]:
    yield f"{number}. {told['does']}\n"
    for name, content in told["files"].items():
        yield f"   `{name}`:\n\n{_indented(content)}\n"
    yield f"{_indented(told['command'])}\n"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return [head, "|---" * len(rows[0]) + "|", *body]


def _indented(text: str) -> str:
    return "\n".join(f"       {line}" for line in text.rstrip("\n").splitlines())


def _short(text: str, longest: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[:longest] + " …"


def _code(text: str) -> str:
    """Return text as code that may stand in a table, whichever characters it has."""
    ticks = "``" if "`" in text else "`"
    return f"{ticks}{text.replace('|', chr(92) + '|')}{ticks}"


if __name__ == "__main__":
    sys.exit(main())
