"""CloudEvents 1.0: a body that says what it is, in itself (structured) or in headers (binary)."""

from __future__ import annotations

from random import getrandbits
from typing import Any

EVENT_VERSION = b"ce-specversion"
"""The header that makes a request an event."""
EVENT_TYPE = "application/cloudevents+json"
"""Content type of an event that holds everything."""


def is_cloud_event(document: Any) -> bool:
    """Whether a JSON document is an event with data."""
    return isinstance(document, dict) and "specversion" in document and "data" in document


def answer_attributes(request_id: str) -> dict[str, str]:
    """Return what an answer says of itself, as KServe's servers do."""
    return {
        "specversion": "1.0",
        "id": request_id,
        "source": "io.kserve.inference.scoreline",
        "type": "io.kserve.inference.response",
    }


def new_id() -> str:
    """Return an id for an event whose request's is not known."""
    return getrandbits(128).to_bytes(16).hex()
