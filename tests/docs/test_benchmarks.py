"""The page of benchmarks shows what was measured, and the opponents are locked as everything is."""

import re
from pathlib import Path

from benchmarks import dialect_report
from benchmarks.report import BEGIN, END, read, tables

ROOT = Path(__file__).parents[2]


def test_the_figures_on_the_page_are_those_that_were_measured():
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    shown = page.partition(BEGIN)[2].partition(END)[0].strip("\n")
    assert shown == tables(read(ROOT / "docs" / "benchmarks.json")).strip("\n")


def test_the_figures_of_the_dialects_are_those_that_were_measured_or_there_are_none():
    page, found = (ROOT / "docs" / name for name in ("benchmarks.md", "dialects.json"))
    shown = page.read_text(encoding="utf-8").partition(dialect_report.BEGIN)[2].partition(dialect_report.END)[0]
    measured = dialect_report.tables(dialect_report.read(found)) if found.exists() else ""
    assert shown.strip("\n") == measured.strip("\n")


def test_the_opponents_run_on_the_very_versions_that_we_run_on():
    locked = [
        dict(re.findall(r"^(\S+)==([^\s;]+)", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE))
        for path in ("benchmarks/requirements.txt", "requirements/all.txt")
    ]
    shared = locked[0].keys() & locked[1].keys()
    assert {"lightgbm", "numpy", "onnxruntime", "uvicorn", "uvloop", "httptools", "scikit-learn"} <= shared
    assert {name: locked[0][name] for name in shared} == {name: locked[1][name] for name in shared}
