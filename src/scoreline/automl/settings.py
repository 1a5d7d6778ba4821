"""Settings of an experiment: what a person may choose."""

from __future__ import annotations

from typing import Literal

import msgspec

from scoreline.automl.machine import available_workers
from scoreline.automl.scorers import SCORERS, default_scorer, scorers_for
from scoreline.core.errors import BadSetting
from scoreline.core.schema import Label, Task

SplitKind = Literal["random", "stratified", "time", "group", "none"]


class ExperimentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but the table. What is left ``None`` is chosen from the data."""

    target: str
    task: Task | None = None
    scorer: str | None = None
    """``log_loss`` for classification, ``rmse`` for regression."""
    time_seconds: float = 60.0
    """Budget of the whole experiment: search, refit, export, proofs and test scores."""
    seed: int = 1234
    drop: tuple[str, ...] = ()
    types: dict[str, str] = {}
    """Column → type, where the inferred one is wrong; ``datetime:%d/%m/%Y`` also says how dates are written."""
    required: tuple[str, ...] = ()
    """Columns whose absence is an error when scoring."""
    split: SplitKind | None = None
    """How test rows are set apart (``stratified``; regression ``random``); ``none`` keeps every row for training."""
    test_share: float = 0.2
    split_column: str | None = None
    """The time or group column of the ``time`` and ``group`` splits."""
    positive: Label | None = None
    """Binary: the label whose probability matters (the last one in order)."""
    name: str | None = None
    n_workers: int | None = None
    """Worker processes; one a core, as far as memory goes."""
    max_trials: int | None = None
    learners: tuple[str, ...] | None = None
    """Names of the learners to try; all of them."""

    def check(self, task: Task) -> None:
        """Raise ``BadSetting`` where a value does not fit the others or the task."""
        from scoreline.automl.learners import LEARNERS  # brings onnx along, which nobody waits for at a prompt

        if self.time_seconds <= 0:
            raise BadSetting(
                f"time must be more than 0 seconds, found {self.time_seconds:g}", hint="60 is a good start"
            )
        if not 0 < self.test_share < 1:
            raise BadSetting(f"the test share must lie between 0 and 1, found {self.test_share:g}", hint="0.2 is usual")
        if self.split in {"time", "group"} and not self.split_column:
            raise BadSetting(f"a {self.split} split needs a column", hint="name it with split_column")
        for name, least in ((self.n_workers, 1), (self.max_trials, 1)):
            if name is not None and name < least:
                raise BadSetting(f"n_workers and max_trials must be at least 1, found {name}", hint="leave it out")
        if task not in SCORERS[self.scorer or default_scorer(task)].tasks:
            known = ", ".join(scorer.name for scorer in scorers_for(task))
            raise BadSetting(f"scorer `{self.scorer}` does not know {task} targets", hint=f"one of {known}")
        for learner in self.learners or ():
            if task not in LEARNERS[learner].tasks:
                raise BadSetting(f"learner `{learner}` does not know {task} targets", hint="leave it out")

    @property
    def workers(self) -> int:
        """Worker processes to start."""
        return self.n_workers or available_workers()
