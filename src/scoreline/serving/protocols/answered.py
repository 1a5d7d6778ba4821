"""Requests of a dialect that have their answer without a score."""

from __future__ import annotations

from scoreline.core.errors import ScorelineError
from scoreline.serving.protocols.dialect import Reply


class Answered(Exception):
    """Raised by ``decode``: this is the answer. ``error`` is what it tells, where its status does not."""

    def __init__(self, reply: Reply, error: ScorelineError | None = None) -> None:
        super().__init__()
        self.reply = reply
        self.error = error
