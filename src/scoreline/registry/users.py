"""Deployments need versions and aliases, which cannot be deleted meanwhile."""

from __future__ import annotations

from scoreline.core.entities import Deployment, Shadow, Share
from scoreline.core.errors import Conflict
from scoreline.registry.seams import Records


def others(deployment: Deployment) -> tuple[Share | Shadow, ...]:
    """Return what a deployment needs beside the version that answers."""
    return (*deployment.split, *([deployment.shadow] if deployment.shadow else []))


def refuse_needed_version(records: Records, model: str, version: int) -> None:
    """Raise Conflict when a deployment answers with a version, shares requests with it or shadows with it."""
    what = f"{model}@{version}"
    deployments = [d for d in records.deployments() if d.model == model]
    if answering := [d.name for d in deployments if d.version == version]:
        raise Conflict(
            f"{what} is deployed as {', '.join(answering)}",
            hint=f"scoreline undeploy {answering[0]}, or deploy another version there",
        )
    _refuse_beside(what, [d.name for d in deployments if any(each.version == version for each in others(d))])


def refuse_needed_alias(records: Records, model: str, alias: str) -> None:
    """Raise Conflict when a deployment follows an alias, or its split or its shadow does."""
    what = f"{model}@{alias}"
    deployments = [d for d in records.deployments() if d.model == model]
    if following := [d.name for d in deployments if d.reference == f"@{alias}"]:
        raise Conflict(f"deployment {', '.join(following)} follows {what}", hint=f"scoreline undeploy {following[0]}")
    _refuse_beside(what, [d.name for d in deployments if any(each.reference == f"@{alias}" for each in others(d))])


def _refuse_beside(what: str, names: list[str]) -> None:
    if names:
        raise Conflict(
            f"{what} is in the split or the shadow of {', '.join(names)}",
            hint=f"scoreline traffic {names[0]} --clear ends both",
        )
