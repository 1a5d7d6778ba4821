"""What README and docs tell a person to type exists."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from scoreline.cli.command import every
from scoreline.cli.run import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
COMMANDS = dict(every(get_command(app).commands))


def code_lines(page: Path) -> list[str]:
    """The lines of fenced and of indented code, continued lines joined."""
    lines, fenced = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            lines.append(line.strip())
    return re.sub(r"\\\n", " ", "\n".join(lines)).splitlines()


def typed(page: Path, program: str) -> list[list[str]]:
    """The words after ``program`` wherever a line runs it, first or after a pipe."""
    found = []
    for line in code_lines(page):
        for part in re.split(r"\s\|\s|\s&&\s|\s&$", line.removeprefix("$ ")):
            words = part.strip()
            if re.match(rf"(\w+=\S+ )*(\.venv/bin/)?{program} ", words):
                found.append(shlex.split(words.partition(f"{program} ")[2], comments=True))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_scoreline_command_parses(page):
    for name, *words in typed(page, "scoreline"):
        if "…" in words or name == "COMMAND":
            continue
        if f"{name} {words[0] if words else ''}" in COMMANDS:
            name = f"{name} {words.pop(0)}"
        assert name in COMMANDS, f"{page.name}: scoreline {name} is no command"
        words = [word for word in words if not re.fullmatch(r"[>&]|\d?>.*", word)]
        COMMANDS[name].make_context(name, words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for words in typed(page, "make"):
        assert {word for word in words if "=" not in word} <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    prose = re.sub(r"`[^`]*`", "", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)", prose):
        assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"
