"""Which kind of file a model made elsewhere is: told by its bytes, not by its name."""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickletools
import zipfile
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import IO, Literal, cast

from scoreline.core.errors import ModelRefused, NotFound

Kind = Literal["onnx", "lightgbm", "xgboost", "skops", "mlflow", "archive", "pickle"]

LARGEST_FILE_BYTES = 1 << 30
HEAD_BYTES = 4096
TAR_MARK_AT = 257
WAYS_IN = (
    "save it as what holds no code: skops.io.dump(model, 'model.skops') or ONNX (skl2onnx.to_onnx) for scikit-learn,"
    " Booster.save_model('model.txt') for LightGBM, Booster.save_model('model.ubj') for XGBoost"
)
PICKLE_PROTOCOLS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
OLD_PICKLES = (b"(", b"c", b"}", b"]", b")")
"""How those of protocols 0 and 1 begin, and other things too."""
ENOUGH_OPERATIONS = 4
COMPRESSED: dict[bytes, Callable[[Path], IO[bytes]]] = {
    b"\x1f\x8b": cast(Callable[[Path], IO[bytes]], gzip.open),
    b"BZh": cast(Callable[[Path], IO[bytes]], bz2.open),
    b"\xfd7zXZ\x00": cast(Callable[[Path], IO[bytes]], lzma.open),
}
OF_JOBLIB = (b"ZF0x", b"\x04\x22\x4d\x18", *(b"\x78" + level for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")))
"""joblib's old container, LZ4 and zlib: what it alone packs models in."""


def kind_of(path: Path) -> Kind:
    """Say what a file or folder is. Raises NotFound, and ModelRefused for what nobody can import."""
    if path.is_dir():
        if (path / "MLmodel").is_file():
            return "mlflow"
        raise ModelRefused(
            f"{path.name} is a folder without a file MLmodel", hint="give a file, or an MLflow model's folder"
        )
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            size = file.seek(0, 2)
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror or error}", hint="give the path of a model's file") from None
    if size > LARGEST_FILE_BYTES:
        raise ModelRefused(f"{path.name} has {size:,} bytes; at most {LARGEST_FILE_BYTES:,} are read")
    found = _kind_of_head(head, path)
    if found is None:
        raise ModelRefused(
            f"{path.name} is neither ONNX, LightGBM's text, XGBoost's JSON or UBJSON, skops nor an MLflow model",
            hint=WAYS_IN,
        )
    return found


def _kind_of_head(head: bytes, path: Path) -> Kind | None:
    if _is_pickle(head) or head.startswith(OF_JOBLIB):
        return "pickle"
    if head.startswith(b"PK\x03\x04"):
        return "skops" if _is_skops(path) else "archive"
    unpacked = next((opener for mark, opener in COMPRESSED.items() if head.startswith(mark)), None)
    if unpacked is not None:
        return "pickle" if _is_pickle(_beginning(unpacked, path)) else "archive"
    if head[TAR_MARK_AT:].startswith(b"ustar"):
        return "archive"
    text = head.lstrip()
    if text.startswith((b"tree\nversion=", b"tree\r\nversion=")):
        return "lightgbm"
    if text.startswith(b"{") and b'"learner"' in head:
        return "xgboost"
    if head.startswith((b"{L", b"{i", b"{U", b"{l", b"{I")) and b"learner" in head:
        return "xgboost"
    if head[:1] in (b"\x08", b"\x12", b"\x1a", b"\x22", b"\x3a", b"\x42") and not text.startswith(b'"'):
        return "onnx"
    return None


def _is_pickle(head: bytes) -> bool:
    if head.startswith(PICKLE_PROTOCOLS):
        return True
    if not head.startswith(OLD_PICKLES):
        return False
    operations = pickletools.genops(head)  # reads, and runs nothing
    try:
        return sum(1 for _ in islice(operations, ENOUGH_OPERATIONS)) == ENOUGH_OPERATIONS
    except ValueError:
        return False


def _beginning(opener: Callable[[Path], IO[bytes]], path: Path) -> bytes:
    try:
        with opener(path) as file:
            return file.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return b""


def _is_skops(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "schema.json" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
