"""What a guardrail looks at, and how it says what it found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scoreline.core.entities import Guardrail
from scoreline.core.schema import Column, Label, Task
from scoreline.data.dataset import Dataset
from scoreline.data.target import encode_target, target_labels

SHOWN = 5


@dataclass(frozen=True)
class Subject:
    """A dataset and what is to be learned from it."""

    dataset: Dataset
    target: str
    task: Task
    split: str | None
    n_folds: int

    @property
    def inputs(self) -> list[Column]:
        return [column for column in self.dataset.schema.columns if column.name != self.target]

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        return target_labels(self.dataset, self.target, self.task)

    @cached_property
    def outcome(self) -> NDArray[np.float64]:
        return encode_target(self.dataset, self.target, self.task, self.labels).astype(np.float64)

    @cached_property
    def class_sizes(self) -> dict[Label, int]:
        sizes = np.bincount(self.outcome.astype(np.int64), minlength=len(self.labels))
        return dict(zip(self.labels, sizes.tolist(), strict=True))


def passed(name: str, sentence: str, columns: Sequence[str] = ()) -> Guardrail:
    """Say that nothing is doubtful, with the figures."""
    return Guardrail(name=name, result="passed", sentence=sentence, columns=tuple(columns))


def alerted(name: str, sentence: str, columns: Sequence[str] = ()) -> Guardrail:
    """Say what the user should look at."""
    return Guardrail(name=name, result="alerted", sentence=sentence, columns=tuple(columns))


def listed(items: Iterable[tuple[str, str]]) -> str:
    """List the first few columns, each with what is said of it."""
    shown = [f"`{name}` ({said})" for name, said in items]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more
