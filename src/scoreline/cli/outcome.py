"""What an experiment came to: told, as a document, and what to do with it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from scoreline.cli import report
from scoreline.core.errors import BadSetting

if TYPE_CHECKING:
    from scoreline.app.experiments import Outcome
    from scoreline.cli.session import Session
    from scoreline.core.entities import Version


def tell(session: Session, outcome: Outcome, path: Path) -> None:
    """Write the report: leaderboard, winner, proof, file, version."""
    manifest = outcome.result.manifest
    trials = [msgspec.structs.asdict(trial) for trial in outcome.result.trials]
    report.leaderboard(session, trials, manifest.scores.scorer, outcome.result.elapsed_seconds)
    report.winner(session, manifest)
    report.proof(session, manifest)
    aliases = labels(session, outcome.version)
    report.artifact(session, manifest, path, path.stat().st_size, outcome.version, aliases)


def suggest(session: Session, outcome: Outcome, path: Path) -> None:
    """Write the commands that a person types next."""
    program, version = session.program, outcome.version
    here = session.home_option + session.space_option
    name = str(path) if version is None else f"{version.model}@{version.number}"
    rows = [(f"{program} score {name} ROWS.csv -o scores.csv{here}", "score a file")]
    if version is None:
        rows.append((f"{program} register {name}{here}", "keep it as a version"))
    else:
        if not labels(session, version):
            rows.append((f"{program} promote {name}{here}", "make it the champion"))
        rows.append((f"{program} deploy {version.model}{here}", "keep it ready"))
        rows.append((f"{program} serve{session.home_option}", "answer over HTTP"))
    session.section("Next")
    session.commands(rows)


def document(outcome: Outcome, path: Path) -> dict[str, Any]:
    """Return the experiment's document, with the artifact where the person will find it."""
    found = outcome.to_json()
    found["artifact"]["path"] = str(path)
    return found


def labels(session: Session, version: Version | None) -> list[str]:
    """Return the aliases that point to a version."""
    if version is None:
        return []
    from scoreline.app.models import model

    aliases = model(session.app, version.model).aliases
    return sorted(alias for alias, number in aliases.items() if number == version.number)


def check_output(target: Path) -> None:
    """Find out before the time is spent that a file cannot be written. Raises BadSetting."""
    folder = target if target.is_dir() else target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"--output: {folder} cannot be made: {error.strerror}", hint="choose another place") from None
    if not os.access(folder, os.W_OK):
        raise BadSetting(f"--output: {folder} cannot be written to", hint="choose another place")


def carry(source: Path, target: Path) -> Path:
    """Copy a scoring pipeline to where it was asked for; it appears there whole or not at all."""
    if target.is_dir():
        target = target / source.name
    temporary = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target
