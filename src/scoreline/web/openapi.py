"""OpenAPI 3.1 of what is deployed now: each deployment's own columns, types, ranges, levels and examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from scoreline.core.access import Access
from scoreline.core.manifest import Manifest
from scoreline.core.schema import Column, label_text
from scoreline.serving.active import Active
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.media.medium import Medium
from scoreline.web.openapi_parts import (
    ERROR_SCHEMAS,
    GENERAL_PATHS,
    KEY,
    STATE,
    content_in,
    errors,
    h2o_operations,
    operation,
    state_schemas,
)
from scoreline.web.reach import visible_actives

Json = dict[str, Any]

_JSON_TYPES = {
    "number": ["number", "string", "boolean", "null"],
    "boolean": ["boolean", "number", "string", "null"],
    "datetime": ["string", "number", "null"],
    "category": ["string", "number", "boolean", "null"],
    "text": ["string", "number", "boolean", "null"],
}
_N_LEVELS_TOLD = 30


def document(deployments: ActiveDeployments, access: Access, media: Mapping[str, Iterable[Medium]]) -> Json:
    """Return the whole document, of what the caller may see; ``media`` are those of each dialect."""
    paths: Json = dict(GENERAL_PATHS)
    schemas: Json = ERROR_SCHEMAS | state_schemas()
    for active in visible_actives(deployments, access):
        schemas[f"{active.name}.Row"] = row_schema(active.pipeline.manifest)
        schemas[f"{active.name}.Prediction"] = prediction_schema(active.pipeline.manifest)
        paths |= _native_paths(active, media["native"])
        paths |= h2o_operations(active.name, f"/deployments/{active.name}", active)
        if active.name == deployments.default_in(access.space):
            paths |= h2o_operations(active.name, "", active)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Scoreline", "version": _version(), "description": "Deployments that answer now."},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


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


def prediction_schema(manifest: Manifest) -> Json:
    """Return the JSON Schema of one prediction."""
    if manifest.task == "regression":
        properties: Json = {"prediction": {"type": "number", "description": f"predicted {manifest.target}"}}
    else:
        names = [label_text(label) for label in manifest.labels]
        probability = {"type": "number", "minimum": 0, "maximum": 1}
        properties = {
            "label": {"enum": list(manifest.labels), "description": f"the likeliest {manifest.target}"},
            "probability": {
                "type": "object",
                "properties": dict.fromkeys(names, probability),
                "required": names,
            },
        }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _native_paths(active: Active, media: Iterable[Medium]) -> Json:
    name, base = active.name, f"/api/v1/deployments/{active.name}"
    row = {"$ref": f"#/components/schemas/{name}.Row"}
    rows = {"type": "array", "items": row, "minItems": 1}
    table = {
        "type": "object",
        "properties": {
            "fields": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "rows": {"type": "array", "items": {"type": "array"}, "minItems": 1},
        },
        "required": ["fields", "rows"],
    }
    enveloped = {"type": "object", "properties": {"rows": rows}, "required": ["rows"]}
    sample = {"rows": active.pipeline.sample.rows[:1]}
    names = {"type": "array", "items": {"type": "string"}}
    answer = {
        "type": "object",
        "properties": {
            "deployment": {"type": "string"},
            "model": {"type": "string"},
            "version": {"type": "integer"},
            "predictions": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}.Prediction"}},
            "ignored_columns": names | {"description": "sent, but not known to this deployment"},
            "absent_columns": names | {"description": "not sent, scored as missing"},
        },
        "required": ["deployment", "model", "version", "predictions"],
    }
    predicts = f"Predict `{active.pipeline.manifest.target}` with version {active.version} of `{active.model}`"
    score = operation(f"score {name}", predicts, answer, name) | {
        "requestBody": {
            "required": True,
            "content": content_in(
                media,
                {"anyOf": [enveloped, table, rows, row]},
                "a column for each of the row's; others are ignored",
                sample,
            ),
        }
    }
    score["parameters"] = [KEY]
    outputs = ", ".join(f"`{output.name}`" for output in active.pipeline.manifest.outputs)
    score["responses"]["200"]["content"] = content_in(media, answer, f"columns {outputs}; a row for each")
    score["responses"] |= errors(400, 406, 411, 413, 415, 503)
    return {
        f"{base}/score": {"post": score},
        f"{base}/schema": {"get": operation(f"schema {name}", "Columns, labels and outputs", {"type": "object"}, name)},
        f"{base}/sample": {"get": operation(f"sample {name}", "Real rows, as a body to score", enveloped, name)},
        base: {"get": operation(f"deployment {name}", "What answers, and why", STATE, name)},
    }


def _version() -> str:
    try:
        return version("scoreline")
    except PackageNotFoundError:
        return "0"
