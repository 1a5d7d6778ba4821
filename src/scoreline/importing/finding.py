"""From what was given to the file of a model: archives are unpacked, MLflow's folders are read, pickles are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import polars as pl

from scoreline.core.errors import ModelRefused
from scoreline.importing.kinds import WAYS_IN, kind_of
from scoreline.importing.mlflow import read_mlflow, refused_pickle
from scoreline.importing.unpacking import unpack

FileKind = Literal["onnx", "lightgbm", "xgboost", "skops", "pickle"]


class Found(NamedTuple):
    """The file of a model, and what was written beside it."""

    path: Path
    kind: FileKind
    within: str = ""
    """What it was in: ``MLflow``."""
    columns: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    """Column and type."""
    target: str | None = None
    example: pl.DataFrame | None = None


def find_model(path: Path, folder: Path, *, pickles: bool) -> Found:
    """Find the model in ``path``; what must be unpacked goes into ``folder``, which is empty.

    Raises NotFound, ModelRefused, MissingExtra.
    """
    kind = kind_of(path)
    if kind == "archive":
        path = unpack(path, folder)
        kind = kind_of(path)
    if kind == "archive":
        raise ModelRefused(f"{path.name} is an archive within an archive", hint="pack the model itself")
    if kind != "mlflow":
        found = Found(path, kind)
        if kind == "pickle" and not pickles:
            raise _pickle(path)
        return found
    model = read_mlflow(path)
    kind = kind_of(model.path)
    if kind == "pickle" and not pickles:
        raise refused_pickle(model)
    if kind == "mlflow" or kind == "archive":
        raise ModelRefused(f"the flavour {model.flavour} of the MLflow model is no file of a model")
    return Found(model.path, kind, "MLflow", model.columns, model.types, model.target, model.example)


def _pickle(path: Path) -> ModelRefused:
    return ModelRefused(f"{path.name} is a pickle, and loading one runs whatever code is in it", hint=WAYS_IN)
