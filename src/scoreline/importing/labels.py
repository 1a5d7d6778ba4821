"""What an original predicts: its task, and its classes."""

from __future__ import annotations

from collections.abc import Sequence

from scoreline.core.errors import BadSetting
from scoreline.core.schema import Label, Task
from scoreline.data import Dataset, target_labels
from scoreline.importing.original import Described


def task_of(described: Described, task: Task | None, n_given: int) -> Task:
    """Return what it predicts: what is asked for, where that can be. Raises BadSetting."""
    if task is not None and described.task is not None and (task == "regression") != (described.task == "regression"):
        raise BadSetting(
            f"--task {task}: the model's task is {described.task}", hint=f"leave --task out, or say {described.task}"
        )
    if described.task is not None:
        return described.task
    if task is not None:
        return task
    return "regression" if not n_given else "binary" if n_given == 2 else "multiclass"


def labels_of(
    described: Described, task: Task, given: Sequence[str], dataset: Dataset, target: str | None
) -> tuple[tuple[Label, ...], str | None]:
    """Return the classes in the order of the probabilities, and a note where they are a guess. Raises BadSetting."""
    if task == "regression":
        if given:
            raise BadSetting("--labels: a regression has none", hint="leave --labels out")
        return (), None
    n_labels = described.n_labels or (2 if task == "binary" else len(given) or 2)
    if given:
        if len(set(given)) != n_labels or len(given) != n_labels:
            raise BadSetting(
                f"--labels names {len(set(given))} classes, and the model has {n_labels}",
                hint="name all of them, in the order of its probabilities",
            )
        return _as_known(given, described.labels), None
    if described.labels is not None:
        return described.labels, None
    if target is not None and target in dataset.schema.by_name:
        found = target_labels(dataset, target, "multiclass")
        if len(found) == n_labels:
            listed = ", ".join(map(str, found))
            return found, f"its classes were taken from the sample's `{target}`, in their order: {listed}"
    return tuple(range(n_labels)), f"it does not name its classes: they are 0 to {n_labels - 1}; --labels names them"


def _as_known(given: Sequence[str], known: tuple[Label, ...] | None) -> tuple[Label, ...]:
    """Whole numbers are numbers, unless the model's own classes are texts."""
    whole = all(label.lstrip("-").isdecimal() for label in given)
    return (
        tuple(map(int, given)) if whole and not any(isinstance(label, str) for label in known or ()) else tuple(given)
    )
