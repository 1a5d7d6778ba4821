"""Scoreline turns a table into a live, monitored scoring service, and keeps it right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scoreline.client import Client
    from scoreline.scoring.pipeline import load

__version__ = "0.1.0"
__all__ = ["Client", "__version__", "load"]


def __getattr__(name: str) -> Any:
    # Importing scoreline does no work: a client needs no graph runtime, a scorer no HTTP.
    if name == "load":
        from scoreline.scoring.pipeline import load

        return load
    if name == "Client":
        from scoreline.client import Client

        return Client
    raise AttributeError(f"module 'scoreline' has no attribute {name!r}")
