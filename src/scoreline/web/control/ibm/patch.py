"""JSON Patch (RFC 6902), as far as it changes what is said of models and deployments."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import msgspec

from scoreline.core.errors import BadRequest

T = TypeVar("T")
Json = dict[str, Any]


class Change(msgspec.Struct):
    """One operation."""

    op: Literal["add", "replace", "remove", "test"]
    path: str
    value: Any = None


def patched(document: Json, changes: Sequence[Change], kind: type[T]) -> T:
    """Return ``document`` as a ``kind`` with ``changes`` made, in order; or raise BadRequest, and none is."""
    changed: Json = copy.deepcopy(document)
    for change in changes:
        _make(changed, change)
    try:
        return msgspec.convert(changed, kind)
    except msgspec.ValidationError as error:
        raise BadRequest(f"changed so, it would not do: {error}", hint="send another value") from None


def _make(document: Json, change: Change) -> None:
    first, *keys = (part.replace("~1", "/").replace("~0", "~") for part in change.path.split("/"))
    if first or not keys:
        raise BadRequest(f"path {change.path!r} names no member", hint='a path is "/name", "/custom/team"')
    if keys[0] not in document:
        raise BadRequest(f"{change.path!r} cannot be changed", hint=f"what can: /{', /'.join(document)}")
    parent: Any = document
    for key in keys[:-1]:
        parent = _member(parent, key, change.path)
    last = keys[-1]
    if change.op == "test":
        if _member(parent, last, change.path) != change.value:
            raise BadRequest(f"{change.path!r} is not {change.value!r}", hint="GET it, and patch what it is now")
    elif isinstance(parent, dict):
        _set_member(parent, last, change)
    elif isinstance(parent, list):
        _set_item(parent, last, change)
    else:
        raise _missing(change.path)


def _set_member(parent: Json, key: str, change: Change) -> None:
    if change.op != "remove":
        parent[key] = change.value
    elif key in parent:
        del parent[key]
    else:
        raise _missing(change.path)


def _set_item(parent: list[Any], key: str, change: Change) -> None:
    if change.op == "add":
        parent.insert(len(parent) if key == "-" else _place(key, len(parent) + 1, change.path), change.value)
        return
    place = _place(key, len(parent), change.path)
    if change.op == "remove":
        del parent[place]
    else:
        parent[place] = change.value


def _member(parent: Any, key: str, path: str) -> Any:
    if isinstance(parent, dict) and key in parent:
        return parent[key]
    if isinstance(parent, list):
        return parent[_place(key, len(parent), path)]
    raise _missing(path)


def _place(key: str, n: int, path: str) -> int:
    if key.isascii() and key.isdigit() and int(key[:9]) < n:
        return int(key)
    raise _missing(path)


def _missing(path: str) -> BadRequest:
    return BadRequest(f"nothing is at {path!r}", hint="GET shows what there is; the op add makes what is not there")
