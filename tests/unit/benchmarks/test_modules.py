"""The benchmarks are run by hand: what they import must be there all the same."""

import ast
import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "benchmarks"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.py")))
def test_a_benchmark_imports_what_there_is(name):
    importlib.import_module("benchmarks" if name == "__init__" else f"benchmarks.{name}")


@pytest.mark.parametrize("path", sorted((FOLDER / "peers").glob("*.py")), ids=lambda path: path.name)
def test_a_peer_imports_nothing_of_scoreline(path):
    """They run where Scoreline is not installed; only the constant is Scoreline itself."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    ours = {name for name in modules if name.startswith(("scoreline", "benchmarks"))}
    assert path.name == "constant.py" or all(name.startswith("benchmarks.peers.") for name in ours)
