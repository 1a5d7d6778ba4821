"""Models, versions and deployments as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from scoreline.cli.render import wording
from scoreline.cli.render.theme import facts, table
from scoreline.core.entities import Deployment, LogSettings, Model, Version


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
    """Show one deployment a line, and under it the versions that share its requests; what nobody uses has no column."""
    shared = any(each.split or each.shadow for each in found)
    logged = any(each.log != LogSettings() for each in found)
    names = ["deployment", "model", "follows", "version", *(["requests"] if shared else [])]
    names += [*(["log"] if logged else []), "", "since"]
    grid = table(*names, right=frozenset({"version", "requests"}))
    for deployment in found:
        (reference, version, requests), *beside = _versions_of(deployment)
        grid.add_row(
            Text(deployment.name, style="best"),
            deployment.model,
            reference,
            version,
            *([requests] if shared else []),
            *([_log(deployment.log)] if logged else []),
            Text("default" if deployment.default else "", style="accent"),
            _when(deployment.updated_at),
        )
        for reference, version, requests in beside:
            grid.add_row("", "", reference, version, requests)
    return grid


def traffic(deployment: Deployment) -> RenderableType:
    """Show which versions a deployment's requests meet, one a line."""
    grid = table("version", "follows", "requests", right=frozenset({"version", "requests"}))
    for reference, version, requests in _versions_of(deployment):
        grid.add_row(version, reference, requests)
    if not deployment.sticky:
        return grid
    return Group(
        grid, Text("sticky: requests with the same X-Scoreline-Routing-Key meet the same version", style="quiet")
    )


def recorded(deployment: Deployment) -> RenderableType:
    """Show what a deployment's prediction log keeps."""
    kept = deployment.log
    columns = f"all but {', '.join(kept.hidden)}" if kept.hidden else "all"
    if not kept.enabled:
        return facts([("requests", Text("none: the log is off"))])
    return facts([("requests", Text(f"{kept.sample:g} %")), ("columns", Text(columns))])


def _versions_of(deployment: Deployment) -> list[tuple[str, str, Text]]:
    """Return follows, version and requests of every version that a deployment needs, its own first."""
    left = 100 - sum(share.weight for share in deployment.split)
    found = [(deployment.reference, deployment.version, Text(f"{max(round(left, 6), 0):g} %"))]
    found += [(share.reference, share.version, Text(f"{share.weight:g} %")) for share in deployment.split]
    if deployment.shadow:
        shadow = Text.assemble(("shadow ", "quiet"), f"{deployment.shadow.share:g} %")
        found.append((deployment.shadow.reference, deployment.shadow.version, shadow))
    return [
        (reference if reference.startswith("@") else f"version {reference}", str(version), requests)
        for reference, version, requests in found
    ]


def _log(kept: LogSettings) -> str:
    if not kept.enabled:
        return "off"
    hidden = f"{len(kept.hidden)} hidden" if kept.hidden else ""
    return ", ".join(part for part in (f"{kept.sample:g} %", hidden) if part)


def _scores(summary: Mapping[str, Any]) -> tuple[str, str, str]:
    scores = summary.get("scores") or {}
    scorer = scores.get("scorer", "")
    validation = scores.get("validation", {}).get(scorer)
    sd = scores.get("validation_sd", {}).get(scorer)
    spread = "" if sd is None else f" ± {wording.spread(sd, validation)}"
    return scorer, f"{wording.score(validation)}{spread}", wording.score(scores.get("test", {}).get(scorer))


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
