"""The routes of every dialect, as they are for one deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from scoreline.serving.active import Active
from scoreline.serving.media.medium import Medium
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Dialect
from scoreline.web.address import in_address
from scoreline.web.openapi.bodies import Body, of
from scoreline.web.openapi.parts import KEY, Json, content_in, errors, operation, text_content

TITLES = {
    "native": "",
    "h2o": "H2O Driverless AI",
    "rpc": "JSON-RPC",
    "ibm": "IBM Watson Machine Learning",
    "ibm_spark": "IBM Watson Machine Learning, Spark",
    "azure": "Azure Machine Learning",
    "mlflow": "MLflow",
    "sagemaker": "SageMaker",
    "oip": "Open Inference Protocol",
    "kserve": "KServe",
    "vertex": "Vertex AI",
}
"""Dialect → what people call it; the native one needs no name."""
_PLACES = re.compile(r"{(\w+)}")


def dialect_paths(active: Active, media: Mapping[str, Iterable[Medium]], *, default: bool) -> Json:
    """Describe what a deployment answers; the ``default`` one answers at the root, too."""
    paths: Json = {}
    for dialect in DIALECTS:
        body = of(dialect.name, active)
        for prefix in dialect.prefixes:
            if "{name}" in prefix or default:
                for path, method, described in _of_prefix(dialect, prefix, active, body, media[dialect.name]):
                    paths.setdefault(path, {}).setdefault(method, described)
    return paths


def _of_prefix(
    dialect: Dialect, prefix: str, active: Active, body: Body, media: Iterable[Medium]
) -> Iterator[tuple[str, str, Json]]:
    title = TITLES[dialect.name]
    tag = f"{active.name} ({title})" if title else active.name

    def described(method: str, path: str, summary: str, answer: Json) -> Json:
        found = operation(f"{method} {prefix + path}".replace("{name}", active.name), summary, answer, tag)
        if places := [place for place in _PLACES.findall(prefix) if place != "name"]:
            found["parameters"] = [_place(place, active) for place in places]
        return found

    def at(path: str) -> str:
        return (prefix + path).replace("{name}", active.name)

    score = described("score", dialect.score_path, _predicts(active), body.answer)
    score["parameters"] = [*score.get("parameters", []), KEY]
    score["requestBody"] = {
        "required": True,
        "content": content_in(media, body.request, "a column for each of the row's; others are ignored", body.example),
    }
    outputs = ", ".join(f"`{output.name}`" for output in active.pipeline.manifest.outputs)
    score["responses"]["200"]["content"] = content_in(media, body.answer, f"columns {outputs}; a row for each")
    score["responses"] |= errors(400, 401, 403, 404, 406, 411, 413, 415, 429, 431, 501, 503, schema=body.error)
    if body.may_be_silent:
        score["responses"]["204"] = {"description": "Nothing that was sent asks for an answer"}
    yield at(dialect.score_path), "post", score
    if in_address(dialect):
        one = described("score_address", dialect.score_path, _predicts(active), body.answer)
        one["parameters"] = [
            *one.get("parameters", []),
            *(_query(name) for name in active.pipeline.schema.names),
        ]
        one["responses"] |= errors(400, 401, 403, 404, 406, 429, 431, 501, 503, schema=body.error)
        yield at(dialect.score_path), "get", one
    for path, show in dialect.views.items():
        view = described("view", path, f"What it is: {path.rpartition('/')[2] or 'metadata'}", {})
        if not show(active).media_type.startswith("application/json"):
            view["responses"]["200"]["content"] = text_content()
        view["responses"] |= errors(401, 403, 404, 503, schema=body.error)
        yield at(path), "get", view
    for refusal in dialect.refusals:
        refused = described(f"refused_{refusal.method}", refusal.path, refusal.message.capitalize(), {})
        refused["responses"] = errors(401, 403, 404, 501, schema=body.error)
        yield at(refusal.path), refusal.method.lower(), refused


def _predicts(active: Active) -> str:
    return f"Predict `{active.pipeline.manifest.target}` with version {active.version} of `{active.model}`"


def _place(name: str, active: Active) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"enum": [str(active.version)]}}


def _query(name: str) -> Json:
    return {"name": name, "in": "query", "schema": {"type": "string"}}
