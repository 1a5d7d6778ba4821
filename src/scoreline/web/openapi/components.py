"""Schemas that have a name: written once, referred to wherever they are meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

Json = dict[str, Any]

REF = "#/components/schemas/"
DOCUMENT: Json = {"Document": {"type": "object", "description": "A JSON object with any members"}}
"""The schema of answers whose members are told by the original of their dialect."""


class Described(NamedTuple):
    """What a room says of its routes."""

    paths: Json
    schemas: Json
    """The named ones that the paths refer to."""


class Components:
    """The schemas of types, each under the name of its type behind ``prefix``."""

    def __init__(self, prefix: str = "", schemas: Mapping[str, Json] = DOCUMENT) -> None:
        self.schemas: Json = dict(schemas)
        self._prefix = prefix

    def of(self, form: Any) -> Json:
        """Return the schema of a type, with references to the named ones; a schema is returned as it is."""
        if isinstance(form, dict):
            return form
        template = f"{REF}{self._prefix}{{name}}"
        [schema], parts = msgspec.json.schema_components([form], ref_template=template)
        self.schemas |= {f"{self._prefix}{name}": plain(part) for name, part in parts.items()}
        found: Json = plain(schema)
        return found


def ref(name: str) -> Json:
    """Return what stands for the schema of that name."""
    return {"$ref": REF + name}


def plain(schema: Any) -> Any:
    """Return a schema without the titles that msgspec gives, and with items for lists of anything.

    A generator of clients would take a title for a second name, and refuses a list that does not say what is in it.
    """
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: plain(value) for name, value in schema.items() if name != "title" or not isinstance(value, str)}
    if found.get("type") == "array" and "prefixItems" not in found:
        found.setdefault("items", {})
    return found
