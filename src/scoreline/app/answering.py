"""Use cases for those who call a deployment: what answers, and its IDL for Thrift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoreline.app.settings import App

if TYPE_CHECKING:
    from scoreline.serving.active import Active


def answering(app: App, name: str) -> Active:
    """Load the version that a deployment answers with. Raises NotFound, ArtifactRefused."""
    from datetime import UTC, datetime

    from scoreline.scoring.pipeline import load
    from scoreline.serving.active import Active

    found = app.registry.deployment(name)
    return Active(
        name=found.name,
        model=found.model,
        version=found.version,
        digest=found.digest,
        pipeline=load(app.registry.artifact(found.digest)),
        loaded_at=datetime.now(UTC),
        id=found.id,
        space=found.space,
    )


def thrift_idl(app: App, name: str) -> str:
    """Return the IDL of a deployment. Raises NotFound, ArtifactRefused."""
    from scoreline.scoring.archive import read_archive
    from scoreline.serving.protocols.thrift.idl import idl

    found = app.registry.deployment(name)
    manifest, _ = read_archive(app.registry.artifact(found.digest))
    return idl(found.name, manifest)
