"""What dialects keep of their own beside the registry: names, descriptions and jobs as their callers gave them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid4, uuid5

import msgspec

from scoreline.core.errors import BadSetting

LONGEST_TITLE = 300
AssetKind = Literal["model", "deployment", "job"]


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """Something of a space that a caller made under an id."""

    id: str
    """Lower-case UUID."""
    space: str
    kind: AssetKind
    name: str
    """As the caller wrote it: any text."""
    owner: str = ""
    """Who made it: the id of a key or a user."""
    created_at: datetime
    updated_at: datetime
    state: str = ""
    """Of a job: how far it is."""
    model: str | None = None
    """Of a model that has its content: the registry's model that it became a version of."""
    version: int | None = None
    parent: str | None = None
    """Of a deployment: the id of its model; of a job: the id of its deployment."""
    details: dict[str, Any] = {}
    """What else the caller said of it, and of a job its rows and what came of them."""


def check_title(text: str) -> str:
    """Return ``text`` when it may be a name as people write them; raise BadSetting when it may not."""
    if text.strip() and len(text) <= LONGEST_TITLE and text.isprintable():
        return text
    raise BadSetting(
        f"{text[:LONGEST_TITLE]!r} is no name", hint=f"1 to {LONGEST_TITLE} characters that can be printed"
    )


def new_id() -> str:
    """Return an id that nothing else has."""
    return str(uuid4())


def id_of_version(space: str, model: str, number: int) -> str:
    """Return the id of a version that no asset stands for: always the same one."""
    return str(uuid5(NAMESPACE_URL, f"scoreline:{space}/{model}@{number}"))
