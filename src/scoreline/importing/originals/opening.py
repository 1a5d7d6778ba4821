"""The one list of originals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scoreline.importing.original import Original

Opener = Callable[[Path, tuple[str, ...]], Original]


def open_original(path: Path, kind: str, trusted: tuple[str, ...]) -> Original:
    """Open a file of a kind. Raises ModelRefused."""
    return OPENERS[kind](path, trusted)


def _onnx(path: Path, _trusted: tuple[str, ...]) -> Original:
    from scoreline.importing.originals.onnx import OnnxGraph

    return OnnxGraph.at(path)


def _lightgbm(path: Path, _trusted: tuple[str, ...]) -> Original:
    from scoreline.importing.originals.lightgbm import LightGbmText

    return LightGbmText(path.read_text("utf-8"))


def _xgboost(path: Path, _trusted: tuple[str, ...]) -> Original:
    from scoreline.importing.originals.xgboost import XgBoostModel

    return XgBoostModel(path.read_bytes())


def _skops(path: Path, trusted: tuple[str, ...]) -> Original:
    from scoreline.importing.originals.skops import open_skops

    return open_skops(path, trusted)


def _pickle(path: Path, _trusted: tuple[str, ...]) -> Original:
    from scoreline.importing.originals.pickles import open_pickle

    return open_pickle(path)


OPENERS: dict[str, Opener] = {
    "onnx": _onnx,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "skops": _skops,
    "pickle": _pickle,
}
