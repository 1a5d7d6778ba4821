"""The methods, and their parameters by name and by place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scoreline.core.errors import BadRequest
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.protocols.instances import read_rows
from scoreline.serving.protocols.methods import FLAGS, check_flags, column_names, no_transformed_columns, target_labels
from scoreline.serving.room import check_rows

FORM = 'send {"jsonrpc": "2.0", "id": 1, "method": "score", "params": {"row": {"column": value, …}}}'


def by_name(method: str, params: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters by name, however they were sent."""
    takes = f"`{method}` takes {', '.join(names) or 'no parameters'}"
    if params is None:
        return {}
    if isinstance(params, list):
        if len(params) > len(names):
            raise BadRequest(f"`params`: {len(params)} are too many", hint=takes)
        return dict(zip(names, params, strict=False))
    if not isinstance(params, dict):
        raise BadRequest("`params`: expected an object or a list", hint=takes)
    if unknown := params.keys() - set(names):
        raise BadRequest(f"`params`: `{min(unknown)}` is not known", hint=takes)
    return params


def _score(params: dict[str, Any], active: Active) -> Decoded:
    check_flags(params)
    if not isinstance(row := params.get("row"), dict | list):
        raise BadRequest("`row`: expected an object of column and value, or a list of values", hint=FORM)
    return read_rows([row], active, "row")


def _score_batch(params: dict[str, Any], active: Active) -> Decoded:
    check_flags(params)
    rows = params.get("rows")
    if isinstance(rows, list):
        check_rows(len(rows), active.pipeline.schema)
    return read_rows(rows, active, "rows")


def _transformed(_params: dict[str, Any], _active: Active) -> None:
    raise no_transformed_columns()


METHODS: dict[str, tuple[Callable[[dict[str, Any], Active], Any], tuple[str, ...]]] = {
    "score": (_score, ("row", *FLAGS)),
    "score_batch": (_score_batch, ("rows", *FLAGS)),
    "get_column_names": (lambda _, active: column_names(active), ()),
    "get_target_labels": (lambda _, active: target_labels(active), ()),
    "get_transformed_column_names": (_transformed, ()),
    "get_hash": (lambda _, active: active.digest, ()),
    "system.listMethods": (lambda *_: list(METHODS), ()),
}
"""Name → what reads a call, and the names of its parameters in order."""
