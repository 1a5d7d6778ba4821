"""Which kind of file a model made elsewhere is: told by its bytes, not by its name."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from scoreline.core.errors import ModelRefused, NotFound

Kind = Literal["onnx", "lightgbm", "xgboost", "skops", "mlflow", "archive", "pickle"]

LARGEST_FILE_BYTES = 1 << 30
HEAD_BYTES = 4096
WAYS_IN = (
    "save it as what holds no code: skops.io.dump(model, 'model.skops') or ONNX (skl2onnx.to_onnx) for scikit-learn,"
    " Booster.save_model('model.txt') for LightGBM, Booster.save_model('model.ubj') for XGBoost"
)
PICKLE_PROTOCOLS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
OLD_PICKLES = (b"(lp", b"(dp", b"ccopy_reg\n", b"csklearn", b"cnumpy", b"c__builtin__", b"ccollections")
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x04\x22\x4d\x18": "lz4"}
JOBLIB_ZLIB = b"ZF0x"
"""joblib's own zlib container, long gone."""


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
    if head.startswith(PICKLE_PROTOCOLS) or head.startswith((*OLD_PICKLES, JOBLIB_ZLIB)):
        return "pickle"
    if head.startswith(b"PK\x03\x04"):
        return "skops" if _is_skops(path) else "archive"
    compression = next((name for mark, name in COMPRESSED.items() if head.startswith(mark)), None)
    if compression or head[257:262] == b"ustar":
        return "archive" if compression in (None, "gzip") else "pickle"
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


def _is_skops(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "schema.json" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
