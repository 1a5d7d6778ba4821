"""The real command line as processes, and one small scoring pipeline that it trained."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 120


class Ended(NamedTuple):
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


class Scoreline:
    """Runs ``scoreline`` in a folder of its own, with a home in it."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "home"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCORELINE_", "COLUMNS"))}
        self.environment = {**kept, "SCORELINE_HOME": str(self.home), "PYTHONPATH": str(ROOT / "src")}
        self.environment |= {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}

    def start(self, *arguments, **options):
        return subprocess.Popen(
            [sys.executable, "-m", "scoreline", *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.PIPE),
            **options,
        )

    def __call__(self, *arguments, given=None):
        process = self.start(*arguments, stdin=subprocess.DEVNULL if given is None else subprocess.PIPE)
        out, err = process.communicate(given, timeout=SECONDS)
        return Ended(process.returncode, out, err)


@pytest.fixture
def scoreline(tmp_path):
    """Return a command line with an empty home."""
    return Scoreline(tmp_path)


def loans(path, n=240):
    """Write a table whose target ``repaid`` depends on ``income`` and ``city``."""
    draw = random.Random(7)
    lines = ["id,income,age,city,repaid"]
    for i in range(n):
        income, city = draw.gauss(50, 20), draw.choice(["Rome", "Oslo", "Köln"])
        repaid = income / 40 - 1 + 0.5 * (city == "Oslo") + draw.gauss(0, 0.5) > 0.3
        lines.append(f"{1000 + i},{income:.2f},{draw.randint(18, 80)},{city},{'yes' if repaid else 'no'}")
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Return a command line whose home holds the model ``loans``, deployed, and the experiment that made it."""
    made = Scoreline(tmp_path_factory.mktemp("trained"))
    loans(made.folder / "loans.csv")
    made.experiment = made(
        *("experiment", "loans.csv", "--target", "repaid", "--drop", "id", "--output", "loans.scoreline", "--json"),
        *("--time", "60", "--trials", "2", "--learner", "lightgbm"),
    )
    assert made.experiment.status == 0, made.experiment.err
    assert made("deploy", "loans").status == 0
    return made
