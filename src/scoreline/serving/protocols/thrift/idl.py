"""The interface definition: one file for all, and for a deployment the same with its columns in ``Row``."""

from __future__ import annotations

import re
from importlib.resources import files

from scoreline.core.manifest import Manifest
from scoreline.core.schema import Column, Schema, label_text
from scoreline.serving.protocols.thrift.reserved import RESERVED

_TYPES = {"number": "double", "boolean": "bool", "datetime": "string", "category": "string", "text": "string"}
_ROW = "struct Row {\n}\n"
_WORDS = re.compile(r"[A-Za-z0-9]+")
_N_LEVELS_TOLD = 8


def idl(deployment: str | None = None, manifest: Manifest | None = None) -> str:
    """Return the text of ``scoring.thrift``; with a manifest, ``Row`` has its columns."""
    text = files(__package__).joinpath("scoring.thrift").read_text("utf-8")
    if manifest is None:
        return text
    names = field_names(manifest.schema)
    fields = [
        f"  {i}: optional {_TYPES[column.type]} {name},  // {_comment(column)}\n"
        for i, (name, column) in enumerate(zip(names, manifest.schema.columns, strict=True), 1)
    ]
    labels = ", ".join(map(label_text, manifest.labels)) or "one number"
    answer = f"// Deployment {deployment}: scores are of {_one_line(f'{manifest.target}: {labels}')}.\n\n"
    return text.replace("namespace *", answer + "namespace *").replace(_ROW, f"struct Row {{\n{''.join(fields)}}}\n")


def field_names(schema: Schema) -> list[str]:
    """Return a name of a field for each column, as Driverless AI makes them: ``cool_pwr_pct`` is ``coolPwrPct``.

    The number of the field is what counts on the wire.
    """
    found: dict[str, None] = {}
    for i, column in enumerate(schema.columns, 1):
        first, *rest = _WORDS.findall(column.name) or [""]
        name = first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in rest)
        if not name or name[0].isdigit() or name.lower() in RESERVED or name.lower() in {n.lower() for n in found}:
            name = f"{name if name[:1].isalpha() else 'column' + name.capitalize()}{i}"
        while name.lower() in {n.lower() for n in found}:
            name += "x"
        found[name] = None
    return list(found)


def _comment(column: Column) -> str:
    words = [column.name]
    if column.minimum is not None and column.maximum is not None and column.type == "number":
        words.append(f"in training {column.minimum:g} to {column.maximum:g}")
    elif column.levels:
        told = ", ".join(column.levels[:_N_LEVELS_TOLD])
        words.append(f"in training {told}" + (", …" if len(column.levels) > _N_LEVELS_TOLD else ""))
    elif column.type == "datetime":
        words.append("ISO 8601")
    return _one_line(": ".join(words))


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
