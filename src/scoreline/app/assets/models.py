"""Models as dialects know them: named first, filled later; every registered version is one, too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from scoreline.app.assets.store import find, new_asset, put, remove
from scoreline.app.settings import App
from scoreline.core.assets import Asset, check_title, id_of_version
from scoreline.core.entities import Deployment, Version
from scoreline.core.errors import NotFound
from scoreline.registry.registry import Registry

DIGEST = "digest"
"""Under this name the details of a model have the digest of its version."""


def store(app: App, space: str, name: str, *, owner: str, details: Mapping[str, Any]) -> Asset:
    """Make a model that has no content yet. Raises BadSetting."""
    return put(app, new_asset(space, "model", name, owner=owner, details=details))


def fill(app: App, space: str, asset_id: str, content: bytes) -> Asset:
    """Give a model its content, which becomes a version in the registry under the model's name.

    Raises NotFound, ArtifactRefused, ParityFailed, and what ``import_model`` raises.
    """
    from scoreline.app.assets.content import version_of  # archives are read by few workers, and seldom

    asset = find(app, space, "model", asset_id, hint="POST /ml/v4/models makes one")
    version = version_of(app, asset, content)
    details = asset.details | {DIGEST: version.digest}
    return _put(app, replace(asset, model=version.model, version=version.number, details=details))


def models(app: App, space: str) -> list[Asset]:
    """Return all models of a space, oldest first: those that were stored, and each version that none of them is."""
    registry = app.registry_in(space)
    with app.assets.reading() as records:
        stored = records.assets(space, "model")
    versions = {
        (version.model, version.number, version.digest): version
        for model in registry.models()
        for version in registry.versions(model.name)
    }
    left = [asset for asset in stored if asset.model is None or _content(asset) in versions]
    known = set(map(_content, left))
    others = [_of_version(version, space) for content, version in versions.items() if content not in known]
    return sorted([*left, *others], key=lambda asset: (asset.created_at, asset.id))


def model(app: App, space: str, asset_id: str) -> Asset:
    """Return one model. Raises NotFound."""
    with app.assets.reading() as records:
        stored = records.asset(asset_id)
    if stored is not None and stored.space == space and stored.kind == "model" and _is_left(app, stored):
        return stored
    for asset in models(app, space):
        if asset.id == asset_id:
            return asset
    raise NotFound(f"no model has the id {asset_id!r}", hint="GET /ml/v4/models lists those of the space")


def change(app: App, space: str, asset_id: str, *, name: str, details: Mapping[str, Any]) -> Asset:
    """Change what is said of a model. Raises NotFound, BadSetting."""
    return _put(app, replace(model(app, space, asset_id), name=check_title(name), details=dict(details)))


def delete(app: App, space: str, asset_id: str) -> Asset:
    """Delete a model and, where no other stands for it, its version. Raises NotFound, Conflict when it is deployed."""
    asset = model(app, space, asset_id)
    if asset.model is not None and asset.version is not None:
        with app.assets.reading() as records:
            stored = records.assets(space, "model")
        registry = app.registry_in(space)
        version = registry.resolve(asset.model, str(asset.version))
        if not any(stands_for(each, version) for each in stored if each.id != asset.id):
            _delete_version(registry, version.model, version.number)
    return remove(app, asset)


def stands_for(asset: Asset, version: Version | Deployment) -> bool:
    """Whether a model is this version, or the one that a deployment means: not another of its name and number."""
    number = version.number if isinstance(version, Version) else version.version
    return _content(asset) == (version.model, number, version.digest)


def read(app: App, model: Asset) -> bytes:
    """Return the scoring pipeline that a model with content became. Raises NotFound."""
    registry = app.registry_in(model.space)
    return registry.artifact(registry.resolve(model.model or "", str(model.version)).digest).read_bytes()


def pack(app: App, model: Asset) -> bytes:
    """Return the same in a tar.gz, as it may be sent. Raises NotFound."""
    from scoreline.app.assets.content import packed

    return packed(f"{model.model}.scoreline", read(app, model))


def _delete_version(registry: Registry, model: str, number: int) -> None:
    """Delete a version; the model goes with its last one. Aliases that mean it move to the newest of the others."""
    numbers = [version.number for version in registry.versions(model)]
    if numbers == [number]:
        registry.delete_model(model)
        return
    others = [each for each in numbers if each != number]
    used = {(d.model, d.version) for d in registry.deployments()}
    for alias, meant in registry.model(model).aliases.items():
        if meant == number and (model, number) not in used:
            registry.promote(model, others[0], alias)
    registry.delete_version(model, number)


def _is_left(app: App, asset: Asset) -> bool:
    """Whether the version of a model is there: it may have been deleted by its own name."""
    if asset.model is None:
        return True
    try:
        return stands_for(asset, app.registry_in(asset.space).resolve(asset.model, str(asset.version)))
    except NotFound:
        return False


def _content(asset: Asset) -> tuple[str | None, int | None, str | None]:
    return asset.model, asset.version, asset.details.get(DIGEST)


def _put(app: App, asset: Asset) -> Asset:
    return put(app, replace(asset, updated_at=datetime.now(UTC)))


def _of_version(version: Version, space: str) -> Asset:
    return Asset(
        id=id_of_version(space, version.model, version.number),
        space=space,
        kind="model",
        name=version.model,
        created_at=version.created_at,
        updated_at=version.created_at,
        model=version.model,
        version=version.number,
    )
