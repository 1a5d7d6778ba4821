"""The content of a model, as it was sent: a scoring pipeline, or a model made elsewhere, bare or in a tar.gz."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from scoreline.app.settings import App
from scoreline.core.assets import Asset
from scoreline.core.entities import Version
from scoreline.core.errors import ArtifactRefused, ModelRefused, ScorelineError, TooLarge
from scoreline.registry.names import suggest_name

GZIP = b"\x1f\x8b"
SAMPLE = "sample.csv"
"""The member of an archive with rows of what a model made elsewhere scores: it is proved on them."""
N_MEMBERS = 200
UNPACKED_BYTES = 1024 * 1024 * 1024
DEFAULT_NAME = "model"
_WAYS = (
    "send a file *.scoreline, bare or in a tar.gz; or a tar.gz of one ONNX, LightGBM, XGBoost or skops model together "
    f"with {SAMPLE}, some rows of what it scores"
)


def version_of(app: App, asset: Asset, content: bytes) -> Version:
    """Make content the next version of the registry's model that is named as ``asset`` is.

    Raises ArtifactRefused, ModelRefused, ParityFailed, TooLarge, and what else ``import_model`` raises.
    """
    name = suggest_name(asset.name) or DEFAULT_NAME
    here = app.in_space(asset.space)
    with TemporaryDirectory(prefix="scoreline-") as made, _names_as_sent(made):
        folder = Path(made)
        if content.startswith(GZIP):
            _unpack(content, folder)
        else:
            (folder / "content").write_bytes(content)
        pipelines = [path for path in folder.rglob("*") if _is_pipeline(path)]
        if len(pipelines) == 1:
            return here.registry.register(pipelines[0], name)
        return _imported(here, folder, name, asset)


def packed(name: str, content: bytes) -> bytes:
    """Return a tar.gz of one file: the same bytes for the same content."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packing, tarfile.open(fileobj=packing, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _imported(app: App, folder: Path, name: str, asset: Asset) -> Version:
    """Turn a model made elsewhere into a scoring pipeline, proved equal on its sample, and register that."""
    from scoreline.app.importing import import_model
    from scoreline.importing.kinds import WAYS_IN, kind_of

    sample = folder / SAMPLE
    models = sorted(path for path in folder.iterdir() if path != sample)
    if len(models) != 1:
        raise ArtifactRefused(f"the content holds {len(models)} models, not one", hint=_WAYS)
    if kind_of(models[0]) == "pickle":
        raise ModelRefused(f"{models[0].name} is a pickle, and loading one runs whatever code is in it", hint=WAYS_IN)
    if not sample.is_file():
        raise ArtifactRefused(f"{models[0].name} came without rows to prove it on", hint=_WAYS)
    target, custom = asset.details.get("label_column"), asset.details.get("custom", {})
    imported = import_model(app, models[0], sample=sample, name=name, target=target, labels=custom.get("labels", ()))
    if imported.version is None:
        raise ArtifactRefused(f"{models[0].name} was not registered", hint=_WAYS)
    return imported.version


def _unpack(content: bytes, folder: Path) -> None:
    """Write the plain files of a tar.gz into ``folder``. Raises ArtifactRefused, TooLarge."""
    left = UNPACKED_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r|gz") as archive:
            for n, entry in enumerate(archive):
                path = PurePosixPath(entry.name)
                left -= entry.size
                if n >= N_MEMBERS or left < 0:
                    limit = f"more than {N_MEMBERS} files" if left >= 0 else "more than 1 GB"
                    raise TooLarge(f"the archive unpacks to {limit}", hint=_WAYS)
                if path.is_absolute() or ".." in path.parts or not (entry.isdir() or entry.isreg()):
                    raise ArtifactRefused(f"the archive holds {entry.name!r}, which is no plain file in it", hint=_WAYS)
                file = archive.extractfile(entry)
                if file is not None:
                    place = folder / path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with place.open("wb") as out:
                        shutil.copyfileobj(file, out)
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError):
        raise ArtifactRefused("the content begins as gzip does, and is no tar.gz that is whole", hint=_WAYS) from None


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
