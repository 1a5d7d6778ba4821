"""What a person may name where a scoring pipeline is asked for: a file, a deployment, or a model's version."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from scoreline.app.settings import App
from scoreline.core.errors import NotFound
from scoreline.registry.names import CHAMPION, missing


class Source(NamedTuple):
    """The file of a scoring pipeline, and what it is known as."""

    path: Path
    deployment: str | None = None
    model: str | None = None
    version: int | None = None


def find_source(app: App, text: str) -> Source:
    """Find ``FILE.scoreline``, ``DEPLOYMENT`` or ``MODEL@REFERENCE``. Raises NotFound."""
    path = Path(text).expanduser()
    if path.is_file():
        return Source(path)
    if path.suffix == ".scoreline" or path.name != text:
        raise NotFound(f"no file {text}", hint="give the path of a *.scoreline file, or a deployment's name")
    if "@" in text:
        version = app.registry.resolve(text)
        return Source(app.registry.artifact(version.digest), None, version.model, version.number)
    found = {deployment.name: deployment for deployment in app.registry.deployments()}
    if text not in found:
        if any(model.name == text for model in app.registry.models()):
            raise NotFound(f"model {text} is not deployed", hint=f"{text}@{CHAMPION} names its version")
        if not found:
            raise NotFound(f"no file {text!r}, and nothing is deployed", hint="give the path of a *.scoreline file")
        raise missing("file or deployment", text, found)
    chosen = found[text]
    return Source(app.registry.artifact(chosen.digest), chosen.name, chosen.model, chosen.version)
