"""An MLflow model's folder: which of its flavours can be imported, and what its signature says."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from scoreline.core.errors import MissingExtra, ModelRefused
from scoreline.importing.kinds import WAYS_IN

LARGEST_DESCRIPTION_BYTES = 1 << 20
NUMBERS = frozenset({"integer", "long", "float", "double"})
FLAVOURS = (("onnx", "data"), ("lightgbm", "data"), ("xgboost", "data"), ("sklearn", "pickled_model"))
"""Flavours in the order in which they are taken, and where each names its file."""


class MlflowModel(NamedTuple):
    """The file of a flavour, and the signature."""

    path: Path
    flavour: str
    columns: tuple[str, ...] = ()
    """Names of the signature's inputs, in order."""
    types: tuple[tuple[str, str], ...] = ()
    """Column and type."""
    target: str | None = None
    example: pl.DataFrame | None = None
    """The rows that were logged with it."""


def read_mlflow(folder: Path) -> MlflowModel:
    """Read ``MLmodel``. Raises ModelRefused, MissingExtra."""
    description = _description(folder)
    flavours = _mapping(description.get("flavors"))
    for flavour, key in FLAVOURS:
        told = _mapping(flavours.get(flavour)).get(key)
        if isinstance(told, str):
            signature = _mapping(description.get("signature"))
            columns, types = _inputs(_fields(signature.get("inputs")))
            return MlflowModel(
                _inside(folder, told),
                flavour,
                columns,
                tuple(types.items()),
                _target(_fields(signature.get("outputs")), columns),
                _example(folder, _mapping(description.get("saved_input_example_info"))),
            )
    known = ", ".join(sorted(map(str, flavours))) or "none"
    raise ModelRefused(
        f"the MLflow model has the flavours {known}, of which none can be imported",
        hint="log it with mlflow.onnx, mlflow.lightgbm, mlflow.xgboost, or mlflow.sklearn with"
        " serialization_format='skops'",
    )


def refused_pickle(model: MlflowModel) -> ModelRefused:
    """Say why a flavour whose file is a pickle is refused, and what to do."""
    return ModelRefused(
        f"the flavour {model.flavour} of the MLflow model is the pickle {model.path.name}, and loading one runs"
        " whatever code is in it",
        hint=f"log it again with mlflow.onnx, or mlflow.sklearn with serialization_format='skops'; or {WAYS_IN}",
    )


def _description(folder: Path) -> dict[str, Any]:
    try:
        import yaml
    except ModuleNotFoundError:
        raise MissingExtra(
            "an MLflow model's description is YAML, and the package pyyaml is not installed",
            hint="pip install 'scoreline[import]'",
        ) from None
    try:
        content = (folder / "MLmodel").read_bytes()
        if len(content) > LARGEST_DESCRIPTION_BYTES:
            raise ModelRefused(f"MLmodel has {len(content):,} bytes; at most {LARGEST_DESCRIPTION_BYTES:,} are read")
        return _mapping(yaml.safe_load(content))
    except (OSError, yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ModelRefused(f"MLmodel cannot be read: {' '.join(str(error).split())[:200]}") from None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _fields(text: Any) -> list[dict[str, Any]]:
    try:
        fields = msgspec.json.decode(text) if isinstance(text, str) else text
    except msgspec.DecodeError:
        return []
    return [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []


def _inputs(fields: list[dict[str, Any]]) -> tuple[tuple[str, ...], dict[str, str]]:
    named = [field for field in fields if isinstance(field.get("name"), str) and isinstance(field.get("type"), str)]
    if len(named) < len(fields) or any(field["type"] == "tensor" for field in fields):
        return (), {}
    types = {}
    for field in named:
        if field["type"] in NUMBERS:
            types[field["name"]] = "number"
        elif field["type"] == "boolean":
            types[field["name"]] = "boolean"
        elif field["type"] == "string":
            types[field["name"]] = "category"
    return tuple(field["name"] for field in named), types


def _target(fields: list[dict[str, Any]], columns: tuple[str, ...]) -> str | None:
    name = fields[0].get("name") if len(fields) == 1 else None
    return name if isinstance(name, str) and name and name not in columns else None


def _example(folder: Path, told: dict[str, Any]) -> pl.DataFrame | None:
    """Read the example where it is a table: pandas' ``split`` or ``records``."""
    name = told.get("artifact_path")
    if not isinstance(name, str) or told.get("type") not in ("dataframe", "json_object"):
        return None
    try:
        found = msgspec.json.decode(_inside(folder, name).read_bytes())
        if isinstance(found, dict) and {"columns", "data"} <= found.keys():
            return pl.DataFrame(found["data"], schema=[str(column) for column in found["columns"]], orient="row")
        if isinstance(found, list) and found and isinstance(found[0], dict):
            return pl.DataFrame(found)
    except (OSError, msgspec.DecodeError, ModelRefused, pl.exceptions.PolarsError, TypeError, ValueError):
        return None  # an example is a help, never needed
    return None


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or not path.exists():
        raise ModelRefused(f"MLmodel names the file {name!r}, which is not in its folder")
    return path
