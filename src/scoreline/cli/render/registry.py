"""Models, versions and deployments as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from scoreline.cli.render import wording
from scoreline.cli.render.theme import table
from scoreline.core.entities import Deployment, Model, Version


def models(found: Sequence[Model]) -> RenderableType:
    """Show one model a line."""
    grid = table("model", "latest", "aliases", "created", right=frozenset({"latest"}))
    for model in found:
        aliases = ", ".join(f"@{alias} → {number}" for alias, number in sorted(model.aliases.items()))
        grid.add_row(Text(model.name, style="best"), str(model.latest), aliases, _when(model.created_at))
    return grid


def versions(found: Sequence[Version], aliases: Mapping[str, int]) -> RenderableType:
    """Show one version a line, the newest first, with the scores of the scorer that it was chosen by."""
    grid = table(
        "version", "alias", "scorer", "validation", "test", "size", "created", right=frozenset({"version", "size"})
    )
    for version in sorted(found, key=lambda each: -each.number):
        scorer, validation, test = _scores(version.summary)
        grid.add_row(
            Text(str(version.number), style="best"),
            Text(
                " ".join(f"@{alias}" for alias, number in sorted(aliases.items()) if number == version.number), "accent"
            ),
            scorer,
            validation,
            test,
            wording.size(version.size_bytes),
            _when(version.created_at),
        )
    return grid


def deployments(found: Sequence[Deployment]) -> RenderableType:
    """Show one deployment a line."""
    grid = table("deployment", "model", "follows", "version", "", "since", right=frozenset({"version"}))
    for deployment in found:
        grid.add_row(
            Text(deployment.name, style="best"),
            deployment.model,
            deployment.reference if deployment.reference.startswith("@") else f"version {deployment.reference}",
            str(deployment.version),
            Text("default" if deployment.default else "", style="accent"),
            _when(deployment.updated_at),
        )
    return grid


def _scores(summary: Mapping[str, Any]) -> tuple[str, str, str]:
    scores = summary.get("scores") or {}
    scorer = scores.get("scorer", "")
    validation = scores.get("validation", {}).get(scorer)
    sd = scores.get("validation_sd", {}).get(scorer)
    spread = "" if sd is None else f" ± {wording.spread(sd, validation)}"
    return scorer, f"{wording.score(validation)}{spread}", wording.score(scores.get("test", {}).get(scorer))


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
