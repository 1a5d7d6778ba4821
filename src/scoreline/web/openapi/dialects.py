"""The routes of every dialect, as they are for one deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from scoreline.serving.active import Active
from scoreline.serving.media.medium import Medium
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Dialect, Refusal
from scoreline.web.address import in_address
from scoreline.web.named_files import in_files
from scoreline.web.openapi.bodies import Body, of
from scoreline.web.openapi.components import Described, ref
from scoreline.web.openapi.parts import KEY, Json, content_in, errors, json_content, operation, text_content

TITLES = {
    "native": "",
    "h2o": "H2O Driverless AI",
    "h2o_lambda": "H2O Driverless AI on AWS Lambda",
    "rpc": "JSON-RPC",
    "ibm": "IBM Watson Machine Learning",
    "ibm_spark": "IBM Watson Machine Learning, Spark",
    "azure": "Azure Machine Learning",
    "mlflow": "MLflow",
    "sagemaker": "SageMaker",
    "oip": "Open Inference Protocol",
    "kserve": "KServe",
    "vertex": "Vertex AI",
    "udacity": "Udacity",
}
"""Dialect → what people call it; the native one needs no name."""
_PLACES = re.compile(r"{(\w+)}")


def described_dialects(active: Active, media: Mapping[str, Iterable[Medium]], *, default: bool) -> Described:
    """Describe what a deployment answers; the ``default`` one answers at the root, too."""
    paths: Json = {}
    schemas: Json = {}
    for dialect in DIALECTS:
        body = of(dialect.name, active)
        schemas |= body.schemas
        for prefix in dialect.prefixes:
            if "{name}" in prefix or default:
                for path, method, described in _of_prefix(dialect, prefix, active, body, media[dialect.name]):
                    paths.setdefault(path, {}).setdefault(method, described)
    return Described(paths, schemas)


def _identity(dialect: Dialect, prefix: str, verb: str, what: str, active: Active) -> str:
    """Return the name of an operation: ``score_loans``, ``h2o_get_schema_of_loans``, ``h2o_score`` at the root."""
    named = [each for each in dialect.prefixes if "{name}" in each]
    words = [] if dialect.name == "native" else [dialect.name]
    words += [verb, *re.findall(r"\w+", what)]
    if prefix:
        words += ["of", active.name] if what else [active.name]
    if "{version}" in prefix:
        words.append("version")
    elif prefix and prefix != named[0]:
        words += ["at", prefix.split("/")[1]]
    return "_".join(words)


def _of_prefix(
    dialect: Dialect, prefix: str, active: Active, body: Body, media: Iterable[Medium]
) -> Iterator[tuple[str, str, Json]]:
    title = TITLES[dialect.name]
    tag = f"{active.name} ({title})" if title else active.name

    def described(verb: str, what: str, summary: str, answer: Json) -> Json:
        found = operation(_identity(dialect, prefix, verb, what, active), summary, answer, tag)
        if places := [place for place in _PLACES.findall(prefix) if place != "name"]:
            found["parameters"] = [_place(place, active) for place in places]
        return found

    def at(path: str) -> str:
        return (prefix + path).replace("{name}", active.name)

    score = described("score", "", _predicts(active), body.answer)
    naming = in_files(dialect)
    files = [] if naming is None else [_query(name) for name in sorted(naming.file_parameters)]
    score["parameters"] = [*score.get("parameters", []), KEY, *files]
    score["requestBody"] = {
        "required": naming is None,
        "content": content_in(media, body.request, "a column for each of the row's; others are ignored", body.example),
    }
    outputs = ", ".join(f"`{output.name}`" for output in active.pipeline.manifest.outputs)
    written = [medium for medium in media if medium.is_written]
    score["responses"]["200"]["content"] = content_in(written, body.answer, f"columns {outputs}; a row for each")
    score["responses"] |= errors(400, 401, 403, 404, 406, 411, 413, 415, 429, 431, 501, 503, schema=body.error)
    if body.may_be_silent:
        score["responses"]["204"] = {"description": "Nothing that was sent asks for an answer"}
    yield at(dialect.score_path), "post", score
    if in_address(dialect):
        one = described("query", "", _predicts(active), body.answer)
        one["parameters"] = [
            *one.get("parameters", []),
            *(_query(name) for name in active.pipeline.schema.names),
        ]
        one["responses"] |= errors(400, 401, 403, 404, 406, 429, 431, 501, 503, schema=body.error)
        yield at(dialect.score_path), "get", one
    for path, show in dialect.views.items():
        what = path.rpartition("/")[2] or "metadata"
        shown = show(active)
        view = described("get", what, f"What it is: {what}", {})
        if shown.body.startswith(b"{"):
            view["responses"]["200"]["content"] = json_content(ref("Document"))
        elif not shown.media_type.startswith("application/json"):
            view["responses"]["200"]["content"] = text_content()
        view["responses"] |= errors(401, 403, 404, 503, schema=body.error)
        yield at(path), "get", view
    for refusal in dialect.refusals:
        refused = described("refuse", _refused(refusal), refusal.message.capitalize(), {})
        refused["responses"] = errors(401, 403, 404, 501, schema=body.error)
        yield at(refusal.path), refusal.method.lower(), refused


def _refused(refusal: Refusal) -> str:
    return f"{refusal.method.lower()} {re.split('[/:]', refusal.path)[-1]}"


def _predicts(active: Active) -> str:
    return f"Predict `{active.pipeline.manifest.target}` with version {active.version} of `{active.model}`"


def _place(name: str, active: Active) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"enum": [str(active.version)]}}


def _query(name: str) -> Json:
    return {"name": name, "in": "query", "schema": {"type": "string"}}
