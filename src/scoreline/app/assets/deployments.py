"""Deployments as dialects know them: under names as people write them, of models under ids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from scoreline.app.assets.models import model, stands_for
from scoreline.app.assets.store import new_asset, put, remove
from scoreline.app.settings import App
from scoreline.core.assets import Asset, check_title, id_of_version
from scoreline.core.entities import Deployment
from scoreline.core.errors import Conflict, NotFound
from scoreline.registry.names import suggest_name

DEFAULT_NAME = "deployment"


class Deployed(NamedTuple):
    """A deployment of the registry, what was said of it, and the model it scores with."""

    deployment: Deployment
    asset: Asset
    model_id: str


def deploy(
    app: App,
    space: str,
    model_id: str,
    name: str,
    *,
    owner: str,
    details: Mapping[str, Any],
    serving_name: str | None = None,
) -> Deployed:
    """Deploy the version that a model stands for, under ``serving_name`` or a name like ``name`` that is free.

    Raises NotFound, BadSetting, and Conflict when the serving name is taken or the model has no content.
    """
    check_title(name)
    found = model(app, space, model_id)
    registry = app.registry_in(space)
    taken = {deployment.name for deployment in registry.deployments()}
    chosen = serving_name or _free(suggest_name(name) or DEFAULT_NAME, taken)
    deployment = registry.deploy(chosen, *_content(found), new=True)
    said = new_asset(space, "deployment", name, owner=owner, details=details, asset_id=deployment.id, parent=found.id)
    return Deployed(deployment, put(app, said), found.id)


def deployments(app: App, space: str) -> list[Deployed]:
    """Return all deployments of a space, oldest first, whoever made them."""
    found = app.registry_in(space).deployments()
    with app.assets.reading() as records:
        said = {asset.id: asset for asset in records.assets(space, "deployment")}
        stored = records.assets(space, "model")
    all_of_them = [_deployed(each, said.get(each.id) or _unsaid(each), stored) for each in found]
    return sorted(all_of_them, key=lambda each: (each.deployment.created_at, each.deployment.id))


def deployment(app: App, space: str, asset_id: str) -> Deployed:
    """Return one deployment by its id or name. Raises NotFound."""
    for each in deployments(app, space):
        if asset_id in (each.deployment.id, each.deployment.name):
            return each
    raise NotFound(f"no deployment has the id {asset_id!r}", hint="GET /ml/v4/deployments lists those of the space")


def change(app: App, space: str, asset_id: str, *, name: str, model_id: str, details: Mapping[str, Any]) -> Deployed:
    """Change what is said of a deployment, and which model it scores with. Raises NotFound, Conflict."""
    check_title(name)
    before = deployment(app, space, asset_id)
    after = before.deployment
    if model_id != before.model_id:
        after = app.registry_in(space).deploy(after.name, *_content(model(app, space, model_id)))
    asset = replace(before.asset, name=name, parent=model_id, details=dict(details), updated_at=datetime.now(UTC))
    return Deployed(after, put(app, asset), model_id)


def undeploy(app: App, space: str, asset_id: str) -> Deployed:
    """Take a deployment away, and what was said of it; its model stays. Raises NotFound."""
    found = deployment(app, space, asset_id)
    app.registry_in(space).undeploy(found.deployment.name)
    remove(app, found.asset)
    return found


def _deployed(deployment: Deployment, asset: Asset, stored: list[Asset]) -> Deployed:
    """Find the model whose version is meant: the one that was said, if it still is that one."""
    ids = [each.id for each in stored if stands_for(each, deployment)]
    of_version = id_of_version(deployment.space, deployment.model, deployment.version)
    return Deployed(deployment, asset, asset.parent if asset.parent in ids else next(iter(ids), of_version))


def _unsaid(deployment: Deployment) -> Asset:
    return Asset(
        id=deployment.id,
        space=deployment.space,
        kind="deployment",
        name=deployment.name,
        created_at=deployment.created_at,
        updated_at=deployment.updated_at,
    )


def _content(model: Asset) -> tuple[str, str]:
    if model.model is None:
        raise Conflict(f"model {model.name!r} has no content yet", hint="PUT it to /ml/v4/models/ID/content first")
    return model.model, str(model.version)


def _free(name: str, taken: set[str]) -> str:
    n, chosen = 1, name
    while chosen in taken:
        n += 1
        chosen = f"{name[:90]}-{n}"
    return chosen
