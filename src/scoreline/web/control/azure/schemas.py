"""A deployment's rows and answers as the three versions of its document describe them."""

from __future__ import annotations

from typing import Any, Literal

from scoreline.core.manifest import Manifest
from scoreline.core.schema import Column, label_text

Json = dict[str, Any]
Version = Literal["2", "3", "3.1"]
VERSIONS: tuple[Version, ...] = ("2", "3", "3.1")

_N_LEVELS_TOLD = 30


def row_schema(manifest: Manifest, version: Version) -> Json:
    """Describe one row. Only columns that the deployment demands are required: others score as missing."""
    columns = manifest.schema.columns
    required = [column.name for column in columns if column.required]
    schema: Json = {
        "type": "object",
        "properties": {column.name: column_schema(column, version) for column in columns},
        "example": {column.name: column.example for column in columns},
    }
    return schema | {"required": required} if required else schema


def column_schema(column: Column, version: Version) -> Json:
    """Describe one column's values."""
    schema = _type(column)
    if not column.required:
        if version == "2":
            schema["x-nullable"] = True
        elif version == "3":
            schema["nullable"] = True
        else:
            schema["type"] = [schema["type"], "null"]
    words = ["required" if column.required else "may be missing"]
    if column.levels:
        told = ", ".join(column.levels[:_N_LEVELS_TOLD])
        words.append(f"in training {told}" + (", …" if len(column.levels) > _N_LEVELS_TOLD else ""))
    elif column.type == "number" and column.minimum is not None and column.maximum is not None:
        words.append(f"in training from {column.minimum:g} to {column.maximum:g}")
    elif column.type == "datetime":
        words.append(f"as `{column.datetime_format}`" if column.datetime_format else "ISO 8601")
    return schema | {"description": "; ".join(words)}


def answer_schema(manifest: Manifest) -> Json:
    """Describe the list of answers, one a row: to ``predict`` and, for classes, to ``predict_proba``."""
    if manifest.task == "regression":
        return {"type": "array", "items": {"type": "number", "format": "double"}}
    return {
        "type": "array",
        "description": f"the likeliest {manifest.target} of each row; for `predict_proba` its probabilities, "
        f"in the order {', '.join(map(label_text, manifest.labels))}",
        "items": {},
    }


def answer_example(manifest: Manifest) -> list[Any]:
    """Return what one row may be answered."""
    return [1.5] if manifest.task == "regression" else [manifest.labels[0]]


def methods(manifest: Manifest) -> Json:
    """Describe what may be asked for."""
    known = ["predict"] if manifest.task == "regression" else ["predict", "predict_proba"]
    return {"type": "string", "enum": known, "default": "predict"}


def _type(column: Column) -> Json:
    if column.type == "boolean":
        return {"type": "boolean"}
    if column.type == "number" or isinstance(column.example, int | float):
        return {"type": "integer", "format": "int64"} if column.integer else {"type": "number", "format": "double"}
    return {"type": "string"}
