"""What an experiment came to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from scoreline.automl.events import Trial
from scoreline.core.entities import Guardrail
from scoreline.core.manifest import Manifest


class ExperimentResult(msgspec.Struct, frozen=True, kw_only=True):
    """The scoring pipeline's manifest and file, and how it came about."""

    manifest: Manifest
    path: Path
    trials: list[Trial]
    """In leaderboard order: the best first, then what failed or was stopped."""
    guardrails: list[Guardrail]
    validation: str
    """How trials were compared, as a sentence."""
    elapsed_seconds: float

    def to_json(self) -> dict[str, Any]:
        """One document: ``scores.validation``, ``scores.test``, ``leaderboard``, ``artifact.path`` and the rest."""
        manifest = self.manifest
        labels = list(manifest.labels)
        document = {
            "name": manifest.name,
            "task": manifest.task,
            "target": manifest.target,
            "labels": labels,
            "positive": None if manifest.positive is None else labels[manifest.positive],
            "scorer": manifest.scores.scorer,
            "scores": manifest.scores,
            "validation": self.validation,
            "leaderboard": self.trials,
            "importance": manifest.importance,
            "guardrails": self.guardrails,
            "parity": manifest.parity,
            "latency": manifest.latency,
            "lineage": manifest.lineage,
            "artifact": {
                "path": str(self.path),
                "id": manifest.id,
                "size_bytes": self.path.stat().st_size,
            },
            "elapsed_seconds": self.elapsed_seconds,
        }
        plain: dict[str, Any] = msgspec.to_builtins(document)
        return plain
