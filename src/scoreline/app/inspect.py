"""Use case: look into a scoring pipeline."""

from __future__ import annotations

from typing import Any

import msgspec

from scoreline.app.settings import App
from scoreline.app.sources import Source, find_source
from scoreline.core.manifest import Manifest


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What a scoring pipeline is."""

    path: str
    size_bytes: int
    """Of the file."""
    deployment: str | None
    model: str | None
    version: int | None
    """How the registry knows it, when it was named by the registry's names."""
    manifest: Manifest

    def to_json(self) -> dict[str, Any]:
        """Return the report as one document: the facts of the file beside those of its manifest."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        manifest = found.pop("manifest")
        manifest["graph_size_bytes"] = manifest.pop("size_bytes")
        return {**found, **manifest, "parity": {"passed": self.manifest.parity.passed, **manifest["parity"]}}


def inspect(app: App, source: str) -> Inspection:
    """Report on ``FILE.scoreline``, ``DEPLOYMENT`` or ``MODEL@3``. Raises NotFound, ArtifactRefused.

    The archive's digests are checked; its graph is not run.
    """
    from scoreline.scoring.archive import read_archive

    found: Source = find_source(app, source)
    manifest, _ = read_archive(found.path)
    return Inspection(
        path=str(found.path),
        size_bytes=found.path.stat().st_size,
        deployment=found.deployment,
        model=found.model,
        version=found.version,
        manifest=manifest,
    )
