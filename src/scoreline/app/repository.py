"""Use cases of a model repository, as serving protocols have it: which models there are, load one, unload one.

A model is loaded under a name by the deployment of that name. Models of the registry that have none could be loaded.
"""

from __future__ import annotations

from scoreline.app.settings import App
from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.entities import Model


def unloaded(app: App, space: str = DEFAULT_SPACE) -> list[Model]:
    """Return the models that no deployment is named after, by name."""
    registry = app.registry_in(space)
    taken = {deployment.name for deployment in registry.deployments()}
    return [model for model in registry.models() if model.name not in taken]


def load(app: App, name: str, space: str = DEFAULT_SPACE) -> bool:
    """Deploy the model ``name`` under its own name; a deployment of that name stays what it is. Say which it was.

    The version is loaded and scores its sample first. Raises NotFound, ArtifactRefused.
    """
    from scoreline.scoring.pipeline import load as load_pipeline

    registry = app.registry_in(space)
    if any(deployment.name == name for deployment in registry.deployments()):
        return False
    load_pipeline(registry.artifact(registry.resolve(name).digest))
    registry.deploy(name, name)
    return True


def unload(app: App, name: str, space: str = DEFAULT_SPACE) -> None:
    """Take the deployment ``name`` away until it is loaded again; its model and its keys stay. Raises NotFound."""
    app.registry_in(space).undeploy(name, keep_keys=True)
