"""Use cases of deployments: deploy, list, undeploy."""

from __future__ import annotations

from scoreline.app.settings import App
from scoreline.core.entities import Deployment
from scoreline.registry.names import parse_reference


def deploy(app: App, target: str, name: str | None = None, *, default: bool | None = None) -> Deployment:
    """Keep ``MODEL`` (which follows @champion), ``MODEL@ALIAS`` or ``MODEL@3`` ready under ``name`` (the model's).

    The version is loaded and scores its sample first, so that one that cannot answer is refused here and not in a
    server's log. Running servers follow without a restart. Raises NotFound, BadSetting, ArtifactRefused.
    """
    from scoreline.scoring.pipeline import load

    model, reference = parse_reference(target)
    version = app.registry.resolve(model, str(reference))
    load(app.registry.artifact(version.digest))
    return app.registry.deploy(name or model, model, str(reference), default=default)


def deployments(app: App) -> list[Deployment]:
    """Return all deployments by name, each with the version it means now."""
    return app.registry.deployments()


def deployment(app: App, name: str) -> Deployment:
    """Return one deployment. Raises NotFound."""
    return app.registry.deployment(name)


def undeploy(app: App, name: str) -> Deployment:
    """Take a deployment away; its model stays. Raises NotFound."""
    return app.registry.undeploy(name)
