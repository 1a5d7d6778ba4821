"""Use cases of deployments: deploy, split their traffic, say what their log keeps, list, undeploy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scoreline.app.settings import App
from scoreline.core.entities import Deployment
from scoreline.registry.names import parse_reference


class Deployed(NamedTuple):
    """A deployment, and what it was before."""

    deployment: Deployment
    before: Deployment | None


def deploy(app: App, target: str, name: str | None = None, *, default: bool | None = None) -> Deployed:
    """Keep ``MODEL`` (which follows @champion), ``MODEL@ALIAS`` or ``MODEL@3`` ready under ``name`` (the model's).

    The version is loaded and scores its sample first, so that one that cannot answer is refused here and not in a
    server's log. Running servers follow without a restart. Where the name had another target, its split and its shadow
    end. Raises NotFound, BadSetting, ArtifactRefused.
    """
    model, reference = parse_reference(target)
    _check(app, model, str(reference))
    name = name or model
    before = next((each for each in app.registry.deployments() if each.name == name), None)
    return Deployed(app.registry.deploy(name, model, str(reference), default=default), before)


def split(app: App, name: str, weights: Mapping[str, float] | None, *, sticky: bool | None = None) -> Deployment:
    """Let versions of its model (``challenger``, ``7``) answer so many percent of a deployment's requests.

    No weights end the split; None keeps those there are, or whether they are sticky. Each version is loaded and scores
    its sample first. Raises NotFound, BadSetting, ArtifactRefused.
    """
    model = app.registry.deployment(name).model
    for reference in weights or ():
        _check(app, model, reference)
    return app.registry.set_split(name, weights, sticky=sticky)


def shadow(app: App, name: str, reference: str | None, percent: float = 100.0) -> Deployment:
    """Let another version score so many percent of a deployment's requests, for the prediction log only; None ends it.

    The version is loaded and scores its sample first. Raises NotFound, BadSetting, ArtifactRefused.
    """
    if reference is not None:
        _check(app, app.registry.deployment(name).model, reference)
    return app.registry.set_shadow(name, reference, percent)


def record(
    app: App,
    name: str,
    *,
    enabled: bool | None = None,
    sample: float | None = None,
    hide: Sequence[str] = (),
    show: Sequence[str] = (),
) -> Deployment:
    """Change what a deployment's prediction log keeps from now on; what is not given stays.

    ``sample`` is in percent of the requests; the columns ``hide`` are never stored, those of ``show`` are again.
    Raises NotFound, BadSetting.
    """
    return app.registry.set_log(name, enabled=enabled, sample=sample, hide=hide, show=show)


def deployments(app: App) -> list[Deployment]:
    """Return all deployments by name, each with the version it means now."""
    return app.registry.deployments()


def deployment(app: App, name: str) -> Deployment:
    """Return one deployment. Raises NotFound."""
    return app.registry.deployment(name)


def undeploy(app: App, name: str) -> Deployment:
    """Take a deployment away with its own keys; its model stays. Raises NotFound."""
    return app.registry.undeploy(name)


def _check(app: App, model: str, reference: str) -> None:
    """Load a version, which scores its sample. Raises NotFound, BadSetting, ArtifactRefused."""
    from scoreline.scoring.pipeline import load

    load(app.registry.artifact(app.registry.resolve(model, reference).digest))
