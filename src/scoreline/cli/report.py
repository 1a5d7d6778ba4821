"""Reports in sections: what an experiment found, what a scoring pipeline is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from scoreline.cli.render import data, scoring_pipeline, trials, wording
from scoreline.cli.render.theme import INDENT, indented

if TYPE_CHECKING:
    from scoreline.app.inspect import Inspection
    from scoreline.cli.session import Session
    from scoreline.core.entities import Version
    from scoreline.core.manifest import Manifest

HEADING = "quiet"
RANK_WIDTH = 3


def leaderboard(session: Session, found: Sequence[Mapping[str, Any]], scorer: str, elapsed_seconds: float) -> None:
    """Write the trials in order, under the heading that the live view has opened."""
    session.say(indented(trials.leaderboard(found, scorer, session.width - INDENT)))
    n_trials = sum(not trials.is_ensemble(trial) for trial in found)
    total = f"{wording.count(n_trials, 'trial')}, {wording.seconds(elapsed_seconds)} in all"
    session.say(indented(Text(total, "quiet"), INDENT + RANK_WIDTH))


def winner(session: Session, manifest: Manifest) -> None:
    """Write what won, how good it is, what it looks at."""
    bodies: list[RenderableType] = [
        Text(scoring_pipeline.composition(manifest.leaderboard), style="best"),
        Text(),
        *_scores(manifest),
    ]
    if manifest.importance:
        bodies += [Text(), *_importance(session, manifest)]
    session.section("Winner", *bodies)


def proof(session: Session, manifest: Manifest) -> None:
    """Write that the exported graph scores as the fitted model does."""
    session.section("Proof", scoring_pipeline.parity(manifest.parity, scoring_pipeline.parity_unit(manifest)))


def artifact(
    session: Session, manifest: Manifest, path: Path, n_bytes: int, version: Version | None, aliases: Sequence[str]
) -> None:
    """Write where the file is, how large, how quick, and as what it is registered."""
    registered: list[tuple[str, RenderableType]] = []
    if version is not None:
        name = Text.assemble((f"{version.model}, version {version.number}", "best"))
        for alias in aliases:
            name.append(f"  @{alias}", "accent")
        registered.append(("model", name))
    session.section("Scoring pipeline")
    session.literal(f"  {wording.path(path)}", "best")
    session.say(indented(scoring_pipeline.file_facts(manifest, n_bytes, registered)))


def inspection(session: Session, found: Inspection) -> None:
    """Write everything about a scoring pipeline."""
    manifest = found.manifest
    known: list[tuple[str, RenderableType]] = [
        ("predicts", f"{manifest.target}, {data.TASKS[manifest.task]}"),
    ]
    if manifest.labels:
        known.append(("classes", wording.listing([str(label) for label in manifest.labels], session.width - 16)))
    if found.model is not None:
        answers = f", answers as {found.deployment}" if found.deployment else ""
        known.append(("registered", f"{found.model}, version {found.version}{answers}"))
    session.section(manifest.name)
    session.literal(f"  {wording.path(Path(found.path))}", "best")
    session.say(indented(scoring_pipeline.file_facts(manifest, found.size_bytes, known)))
    session.section("Input", data.columns(manifest.schema.columns, {}, session.width - 2))
    session.section("Scores", *_scores(manifest))
    if manifest.importance:
        session.section("Importance", *_importance(session, manifest)[1:])
    proof(session, manifest)
    session.section("Lineage", scoring_pipeline.lineage(manifest))


def _scores(manifest: Manifest) -> list[RenderableType]:
    found = manifest.scores
    bodies: list[RenderableType] = [scoring_pipeline.scores(found)]
    if found.threshold:
        positive = manifest.labels[manifest.positive if manifest.positive is not None else -1]
        bodies += [Text(), scoring_pipeline.threshold(found.threshold, positive)]
    return bodies


def _importance(session: Session, manifest: Manifest) -> list[RenderableType]:
    head = Text("importance: what is lost when a column's values are shuffled", style=HEADING)
    return [head, scoring_pipeline.importance(manifest.importance, session.width - 2)]
