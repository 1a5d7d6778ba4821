"""Rows and answers as the serving protocols of this field have them: lists of objects, or of values in schema order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from scoreline.core.errors import BadRequest
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active

Method = Literal["predict", "predict_proba"]
METHODS = ("predict", "predict_proba")


def read_rows(rows: Any, active: Active, where: str) -> Decoded:
    """Decode a list of objects, or of lists whose values stand in the order of the schema's columns.

    ``where`` is the member that holds them, for errors. Raises BadRequest, SchemaMismatch.
    """
    decoder = active.pipeline.decoder
    if not isinstance(rows, list):
        raise BadRequest(f"`{where}`: expected a list of rows, found {_kind(rows)}", hint=_hint(where))
    if not rows:
        raise BadRequest(f"`{where}` is empty: expected at least one row", hint=_hint(where))
    if isinstance(rows[0], list):
        return decoder.table(active.pipeline.schema.names, rows)
    return decoder.records(rows)


def without_features(rows: Any, active: Active) -> Any:
    """Return rows written as ``{"features": [value, …]}``, as SageMaker's own algorithms take them, as lists.

    A schema may have a column of that name: then it means the column.
    """
    if not isinstance(rows, list) or not rows or "features" in active.pipeline.schema.by_name:
        return rows
    if not all(
        isinstance(row, dict) and row.keys() == {"features"} and isinstance(row["features"], list) for row in rows
    ):
        return rows
    return [row["features"] for row in rows]


def read_columns(columns: Mapping[str, Any], active: Active, where: str) -> Decoded:
    """Decode an object of column → list of values; a value alone is a column of one row."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in columns.items()}
    lengths = {len(values) for values in lists.values()}
    if len(lengths) != 1:
        raise BadRequest(
            f"`{where}`: its columns have {' and '.join(str(n) for n in sorted(lengths)) or 'no'} values",
            hint="send as many values for each column as there are rows; null stands for missing",
        )
    if lengths == {0}:
        raise BadRequest(f"`{where}` is empty: expected at least one row", hint=_hint(where))
    return active.pipeline.decoder.table(tuple(lists), list(zip(*lists.values(), strict=True)))


def read_method(value: Any, where: str) -> Method:
    """Read which answer is asked for: ``predict`` (when nothing is said) or ``predict_proba``."""
    if value in (None, "predict"):
        return "predict"
    if value == "predict_proba":
        return "predict_proba"
    raise BadRequest(f"`{where}`: unknown method {value!r}", hint=f"one of {', '.join(METHODS)}")


def plain(predictions: Predictions, method: Method) -> list[Any]:
    """One answer a row: the likeliest label or the number; for ``predict_proba`` the probabilities in label order.

    Raises BadRequest when a regression is asked for probabilities.
    """
    values: list[Any] = predictions.values.tolist()
    if predictions.task == "regression":
        if method == "predict_proba":
            raise BadRequest("a regression has no probabilities", hint="ask for the method `predict`")
        return values
    if method == "predict_proba":
        return values
    labels = predictions.labels
    return [labels[i] for i in predictions.label_index.tolist()]


def _kind(value: Any) -> str:
    kinds = {dict: "an object", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _hint(where: str) -> str:
    return f'send "{where}": [{{"column": value, …}}, …]'
