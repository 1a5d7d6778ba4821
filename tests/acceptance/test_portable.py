"""The artifact runs without the training stack, without Scoreline, and in another language."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import pytest
from tests.artifacts import ROWS, tiny_artifact

import scoreline

EXAMPLES = Path(__file__).parents[2] / "examples"
NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")

BLOCKER = """
import sys
allowed = {"scoreline", "numpy", "onnxruntime", "msgspec", *sys.stdlib_module_names}

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed:
            raise ModuleNotFoundError(f"{name} is not of numpy, onnxruntime, msgspec or the standard library")

sys.meta_path.insert(0, Blocker())
"""

LOAD_AND_SCORE = """
import json, sys
import scoreline
pipeline = scoreline.load(sys.argv[1])
rows = json.load(sys.stdin)
print(json.dumps(pipeline.score(rows).values.tolist()))
"""


@pytest.fixture(params=[("good", "bad"), (3, 20, 100), ()], ids=["binary", "multiclass", "regression"])
def artifact(request, tmp_path):
    tiny_artifact(tmp_path / "x.scoreline", labels=request.param)
    return tmp_path / "x.scoreline"


def site_of(folder, *packages):
    """A site-packages folder with these packages and no other."""
    folder.mkdir()
    for package in packages:
        home = Path(package.__file__).parent
        (folder / home.name).symlink_to(home)
        libraries = home.with_name(f"{home.name}.libs")
        if libraries.exists():
            (folder / libraries.name).symlink_to(libraries)
    return folder


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def expected(artifact):
    return scoreline.load(artifact).score(ROWS).values.tolist()


def test_it_loads_and_scores_where_nothing_else_is_installed(artifact, tmp_path):
    site = site_of(tmp_path / "site", np, onnxruntime, msgspec, scoreline)
    code = f"import sys; sys.path.insert(0, {str(site)!r})\n{LOAD_AND_SCORE}"
    assert run([sys.executable, "-I", "-S", "-c", code, artifact], input=json.dumps(ROWS)) == expected(artifact)


def test_it_does_not_even_ask_for_anything_else(artifact, tmp_path):
    source = Path(scoreline.__file__).parents[1]
    code = f"{BLOCKER}\nsys.path.insert(0, {str(source)!r})\n{LOAD_AND_SCORE}"
    assert run([sys.executable, "-I", "-c", code, artifact], input=json.dumps(ROWS)) == expected(artifact)


def test_importing_scoreline_does_no_work():
    source = Path(scoreline.__file__).parents[1]
    code = f"import sys; sys.path.insert(0, {str(source)!r}); import scoreline; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {name.partition(".")[0] for name in loaded}.isdisjoint({"numpy", "onnxruntime", "msgspec", "polars"})
    assert [name for name in loaded if name.startswith("scoreline")] == ["scoreline"]


def test_a_few_lines_of_plain_onnxruntime_score_it(artifact, tmp_path):
    site = site_of(tmp_path / "site", np, onnxruntime)
    program = (EXAMPLES / "score.py").read_text()
    code = f"import sys; sys.path.insert(0, {str(site)!r})\nexec(compile({program!r}, 'score.py', 'exec'))"
    assert run([sys.executable, "-I", "-S", "-c", code, artifact]) == expected(artifact)


@pytest.fixture(scope="module")
def node_folder():
    for command in ("node", "npm"):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed: the JavaScript program was not run")
    with tempfile.TemporaryDirectory() as name:
        for example in ("score.mjs", "package.json", "package-lock.json"):
            shutil.copy(EXAMPLES / example, name)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=name, capture_output=True, text=True, check=False)
        if done.returncode and any(code in done.stderr for code in NO_NETWORK):
            pytest.skip("npm's registry cannot be reached: the JavaScript program was not run")
        assert done.returncode == 0, done.stderr
        yield Path(name)


def test_a_javascript_program_scores_it(artifact, node_folder):
    assert run(["node", "score.mjs", artifact], cwd=node_folder) == expected(artifact)
