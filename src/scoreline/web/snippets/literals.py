"""A document as text, and text as languages quote it. All of it is printable ASCII, so that few signs need escaping."""

from __future__ import annotations

import json
from typing import Any

WIDTH = 100
"""Columns that a line keeps to, where one value alone is not longer."""


def laid_out(document: Any, indent: str = "") -> str:
    """Return ``document`` as JSON in lines; what fits on one stays on one."""
    flat = json.dumps(document)
    if not document or not isinstance(document, dict | list) or len(indent) + len(flat) <= WIDTH:
        return flat
    deeper = indent + "  "
    if isinstance(document, dict):
        begin, end = "{}"
        parts = [f"{json.dumps(name)}: {laid_out(value, deeper)}" for name, value in document.items()]
    else:
        begin, end = "[]"
        parts = [laid_out(value, deeper) for value in document]
    return f"{begin}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{end}"


def quoted(ascii_line: str) -> str:
    """Return a line in double quotes, as C and its descendants read it."""
    escaped = ascii_line.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
