"""Problem: what is to be predicted from what, as transformers and learners see it."""

from __future__ import annotations

import msgspec

from scoreline.core.schema import Label, Schema, Task


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A task over an input schema (without the target)."""

    schema: Schema
    task: Task
    target: str
    labels: tuple[Label, ...] = ()
    """Classification: the classes in the order of the probabilities."""
    scorer: str = ""

    @property
    def n_outputs(self) -> int:
        """Columns of the answer: one per class, or one."""
        return len(self.labels) or 1

    @property
    def n_scores(self) -> int:
        """Raw scores a learner makes per row: one for binary and regression, one per class for multiclass."""
        return len(self.labels) if self.task == "multiclass" else 1
