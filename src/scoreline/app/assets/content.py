"""The content of a model, as it was sent: a scoring pipeline, or a model made elsewhere, bare or in a tar.gz."""

from __future__ import annotations

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
from scoreline.core.errors import ArtifactRefused, ScorelineError, TooLarge
from scoreline.registry.names import suggest_name

GZIP = b"\x1f\x8b"
PICKLES = (".pkl", ".pickle", ".joblib")
N_MEMBERS = 200
UNPACKED_BYTES = 1024 * 1024 * 1024
DEFAULT_NAME = "model"
_WAYS = "send a file *.scoreline, bare or as the one file of a tar.gz"


def version_of(app: App, asset: Asset, content: bytes, file_name: str) -> Version:
    """Make content the next version of the registry's model that is named as ``asset`` is.

    Raises ArtifactRefused, ParityFailed, TooLarge, and what ``import_model`` raises.
    """
    name = suggest_name(asset.name) or DEFAULT_NAME
    with TemporaryDirectory(prefix="scoreline-") as made, _names_as_sent(made):
        folder = Path(made)
        if content.startswith(GZIP):
            _unpack(content, folder)
        else:
            (folder / (PurePosixPath(file_name).name or "content")).write_bytes(content)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        pipelines = [path for path in files if _is_pipeline(path)]
        path = pipelines[0] if len(pipelines) == 1 else _imported(files)
        return app.registry_in(asset.space).register(path, name)


def _imported(files: list[Path]) -> Path:
    """Refuse what is no scoring pipeline."""
    for file in files:
        if file.suffix in PICKLES:
            raise ArtifactRefused(
                f"{file}: a pickle can run any code when it is opened, so none is",
                hint="save the model as ONNX, with skops.io.dump, or with LightGBM's or XGBoost's own save_model; "
                + _WAYS,
            )
    raise ArtifactRefused("the content is no scoring pipeline", hint=_WAYS)


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
