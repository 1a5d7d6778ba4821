"""The content of a model, as it was sent: a scoring pipeline, or a model made elsewhere, bare or in a tar.gz."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from scoreline.app.settings import App
from scoreline.core.assets import Asset
from scoreline.core.entities import Version
from scoreline.core.errors import ArtifactRefused, ScorelineError
from scoreline.importing.unpacking import model_among, take_apart
from scoreline.registry.names import suggest_name

GZIP = b"\x1f\x8b"
CONTENT = "content"
"""What a file is called that came without a name."""
SAMPLE = "sample.csv"
"""The member of an archive with rows of what a model made elsewhere scores: it is proved on them."""
DEFAULT_NAME = "model"


def version_of(app: App, asset: Asset, content: bytes) -> Version:
    """Make content the next version of the registry's model that is named as ``asset`` is.

    Raises ArtifactRefused, ModelRefused, ParityFailed, and what else ``import_model`` raises.
    """
    name = suggest_name(asset.name) or DEFAULT_NAME
    here = app.in_space(asset.space)
    with TemporaryDirectory(prefix="scoreline-") as made, _names_as_sent(made):
        sent = Path(made) / CONTENT
        sent.write_bytes(content)
        files = take_apart(sent, Path(made) / "unpacked") if content.startswith(GZIP) else [sent]
        pipelines = [path for path in files if _is_pipeline(path)]
        if len(pipelines) == 1:
            return here.registry.register(pipelines[0], name)
        return _imported(here, files, name, asset)


def packed(name: str, content: bytes) -> bytes:
    """Return a tar.gz of one file: the same bytes for the same content."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packing, tarfile.open(fileobj=packing, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _imported(app: App, files: list[Path], name: str, asset: Asset) -> Version:
    """Turn a model made elsewhere into a scoring pipeline, proved on its sample where it has one; register that."""
    from scoreline.app.importing import import_model

    sample = next((path for path in files if path.name == SAMPLE), None)
    model = model_among([path for path in files if path != sample], CONTENT)
    target, custom = asset.details.get("label_column"), asset.details.get("custom", {})
    imported = import_model(app, model, sample=sample, name=name, target=target, labels=custom.get("labels", ()))
    if imported.version is None:
        raise ArtifactRefused(f"{model.name} was not registered", hint="scoreline import says more")
    return imported.version


def _is_pipeline(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return {"manifest.json", "pipeline.onnx"} <= set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


@contextmanager
def _names_as_sent(folder: str) -> Iterator[None]:
    """Have errors name files as they were sent, not as they lie here."""
    try:
        yield
    except ScorelineError as error:
        error.message = error.message.replace(f"{folder}/", "")
        error.args = (error.message,)
        raise
