"""Use cases of models: list, register, promote, roll back, delete."""

from __future__ import annotations

from pathlib import Path

from scoreline.app.settings import App
from scoreline.core.entities import AliasChange, Model, Version
from scoreline.core.errors import BadSetting

CHAMPION = "champion"


def models(app: App) -> list[Model]:
    """Return all models by name."""
    return app.registry.models()


def model(app: App, name: str) -> Model:
    """Return one model. Raises NotFound."""
    return app.registry.model(name)


def versions(app: App, name: str) -> list[Version]:
    """Return a model's versions, newest first. Raises NotFound."""
    return app.registry.versions(name)


def version(app: App, target: str) -> Version:
    """Return the version meant by ``MODEL``, ``MODEL@3`` or ``MODEL@champion``. Raises NotFound, BadSetting."""
    return app.registry.resolve(target)


def register(app: App, path: Path, name: str | None = None, *, promote: bool | None = None) -> Version:
    """Register a file ``*.scoreline`` as the next version of the model ``name`` (by default the name it carries).

    Raises NotFound, ArtifactRefused, ParityFailed, BadSetting.
    """
    return app.registry.register(path, name, promote=promote)


def promote(app: App, target: str, *, alias: str = CHAMPION) -> AliasChange:
    """Point ``alias`` at ``MODEL@3``, or at where another alias points: ``MODEL@challenger``.

    Raises NotFound, and BadSetting when no version is said.
    """
    if "@" not in target:
        known = ", ".join(f"{target}@{v.number}" for v in app.registry.versions(target)[:5])
        raise BadSetting(f"which version of {target}?", hint=f"one of {known}")
    chosen = app.registry.resolve(target)
    return app.registry.promote(chosen.model, chosen.number, alias)


def rollback(app: App, name: str, *, alias: str = CHAMPION) -> AliasChange:
    """Point ``alias`` back at the version before. Raises NotFound, and Conflict when there is none."""
    return app.registry.rollback(name, alias)


def history(app: App, name: str, *, alias: str = CHAMPION) -> list[AliasChange]:
    """Return every move of an alias, newest first. Raises NotFound."""
    return app.registry.history(name, alias)


def delete(app: App, target: str) -> Model | Version:
    """Delete a model with all its versions, or the one version ``MODEL@3``.

    Raises NotFound, and Conflict when it is deployed or an alias points to it.
    """
    if "@" not in target:
        return app.registry.delete_model(target)
    chosen = app.registry.resolve(target)
    return app.registry.delete_version(chosen.model, chosen.number)
