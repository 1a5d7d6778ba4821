"""Codes, settings and decisions are documented; what is generated is up to date."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scoreline.app.variables import SETTINGS
from scoreline.core.errors import ERRORS, ScorelineError
from scoreline.core.manifest import Manifest
from scoreline.serving.errors import STATUS_OF_KIND

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("error", [*ERRORS, ScorelineError], ids=lambda error: error.code)
def test_every_error_code_is_documented_with_its_kind(error):
    assert f"| `{error.code}` | {error.kind} |" in (DOCS / "errors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "status"), STATUS_OF_KIND.items())
def test_every_kind_is_documented_with_its_http_status(kind, status):
    assert re.search(rf"\| `{kind}` \| {status}\b", (DOCS / "errors.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting):
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert re.search(rf"\| {setting.name} \|.*`{setting.variable}`.*{re.escape(setting.meaning)}", text)


def test_the_generated_pages_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_decisions_have_numbers_of_their_own():
    numbers = [path.name[:4] for path in (DOCS / "decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))


def test_every_changelog_fragment_is_named_so_that_a_release_finds_it():
    fragments = {path.name for path in (ROOT / "changelog.d").iterdir()} - {"README.md"}
    kinds = "added|changed|fixed|removed|security"
    assert {name for name in fragments if not re.fullmatch(rf"\d+\.[a-z-]+\.({kinds})\.md", name)} == set()


def test_the_base_install_brings_what_scoring_needs_and_no_more():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {re.split(r"[^a-z]", line)[0] for line in project["dependencies"]} == {"msgspec", "numpy", "onnxruntime"}


@pytest.mark.parametrize("path", ["requirements/all.txt", "requirements/dev.txt", "benchmarks/requirements.txt"])
def test_a_lock_has_hashes_and_no_addresses(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 40
    assert not re.search(r"://|^-|@ ", text, re.MULTILINE)


def test_the_tools_are_locked_beside_the_very_packages_that_users_get():
    locked = {
        name: set(re.findall(r"^(\S+==\S+)", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE))
        for name in ("all", "dev")
    }
    assert locked["all"] <= locked["dev"]


@pytest.mark.parametrize("name", ["score.py", "score.mjs"])
def test_the_examples_are_shown_as_they_are(name):
    assert (ROOT / "examples" / name).read_text(encoding="utf-8") in (DOCS / "artifact.md").read_text(encoding="utf-8")


def test_every_field_of_the_manifest_is_documented():
    text = (DOCS / "artifact.md").read_text(encoding="utf-8")
    missing = [name for name in Manifest.__struct_fields__ if not re.search(rf"\| [^|]*`{name}[.`]", text)]
    assert missing == []
