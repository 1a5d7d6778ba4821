"""JSON Schemas of what a deployment takes and gives: its columns, its predictions."""

from __future__ import annotations

from typing import Any

from scoreline.core.manifest import Manifest
from scoreline.core.schema import Column, label_text
from scoreline.web.openapi.components import ref

Json = dict[str, Any]

_JSON_TYPES = {
    "number": ["number", "string", "boolean", "null"],
    "boolean": ["boolean", "number", "string", "null"],
    "datetime": ["string", "number", "null"],
    "category": ["string", "number", "boolean", "null"],
    "text": ["string", "number", "boolean", "null"],
}
_N_LEVELS_TOLD = 30


def row_schema(manifest: Manifest) -> Json:
    """Return the JSON Schema of one row. Ranges and levels are told, not demanded: a value beyond them scores."""
    required = [column.name for column in manifest.schema.columns if column.required]
    schema: Json = {
        "type": "object",
        "properties": {column.name: column_schema(column) for column in manifest.schema.columns},
        "description": f"{manifest.missing}. {manifest.unseen}. Other members are ignored and named in the answer.",
    }
    return schema | {"required": required} if required else schema


def column_schema(column: Column) -> Json:
    """Return the JSON Schema of one column's values."""
    types = _JSON_TYPES[column.type]
    schema: Json = {"type": [t for t in types if not (column.required and t == "null")]}
    words = [column.type if not column.integer else f"{column.type} (whole numbers)"]
    if column.minimum is not None and column.maximum is not None and column.type == "number":
        words.append(f"in training from {column.minimum:g} to {column.maximum:g}")
        schema |= {"x-minimum": column.minimum, "x-maximum": column.maximum}
    if column.levels:
        told = ", ".join(column.levels[:_N_LEVELS_TOLD])
        words.append(f"in training {told}" + (", …" if len(column.levels) > _N_LEVELS_TOLD else ""))
        schema["x-levels"] = list(column.levels)
    if column.type == "datetime":
        words.append(f"ISO 8601, `{column.datetime_format}`" if column.datetime_format else "ISO 8601")
        words.append("or seconds since 1970-01-01 UTC")
    schema["description"] = ", ".join(words)
    if column.example is not None:
        schema["examples"] = [column.example]
    return schema


def label_schema(manifest: Manifest) -> Json:
    """Return the JSON Schema of a label."""
    both = all(isinstance(label, bool) for label in manifest.labels)
    values: Json = {"type": "boolean"} if both else {"enum": list(manifest.labels)}
    return values | {"description": f"a value of {manifest.target}"}


def prediction_schema(manifest: Manifest, name: str) -> Json:
    """Return the JSON Schema of one prediction of the deployment ``name``."""
    if manifest.task == "regression":
        properties: Json = {"prediction": {"type": "number", "description": f"predicted {manifest.target}"}}
    else:
        names = [label_text(label) for label in manifest.labels]
        probability = {"type": "number", "minimum": 0, "maximum": 1}
        properties = {
            "label": ref(f"{name}.Label"),
            "probability": {
                "type": "object",
                "properties": dict.fromkeys(names, probability),
                "required": names,
            },
        }
    return {"type": "object", "properties": properties, "required": list(properties)}
