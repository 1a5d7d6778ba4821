"""A small table with a column of every type, missing and rare values, and a target of each task."""

from __future__ import annotations

import numpy as np

from scoreline.automl.problem import Problem
from scoreline.core.schema import Column, Label, Schema, Task
from scoreline.scoring.rows import Rows

LABELS: dict[Task, tuple[Label, ...]] = {"binary": ("no", "yes"), "multiclass": (3, 20, 100), "regression": ()}
WORDS = np.array(["Free", "free", "call", "now!", "NOW", "hello", "money", "x", "y-z", "a.b"])

SCHEMA = Schema(
    (
        Column(name="complete", type="number", minimum=-3.0, maximum=3.0),
        Column(name="gappy", type="number", minimum=0.0, maximum=1e5),
        Column(name="flag", type="boolean"),
        Column(name="when", type="datetime"),
        Column(name="colour", type="category"),
        Column(name="code", type="category", integer=True),
        Column(name="words", type="text"),
        Column(name="many", type="category"),
    )
)


def world(task: Task, n: int = 400, seed: int = 0) -> tuple[Problem, Rows, np.ndarray]:
    """A problem, its rows and its target."""
    rng = np.random.default_rng(seed)
    numbers = np.column_stack(
        [
            rng.normal(size=n),
            np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(size=n) * 1e4),
            rng.integers(0, 2, n),
            np.where(rng.random(n) < 0.05, np.nan, 1.5e9 + rng.integers(0, 10**8, n)),
        ]
    ).astype(np.float64)
    texts = np.empty((n, 4), object)
    texts[:, 0] = rng.choice(["red", "green", "blue", ""], n)
    texts[:, 1] = rng.choice(["1", "2", "10", "33"], n)
    texts[:, 2] = [" ".join(rng.choice(WORDS, rng.integers(0, 9))) for _ in range(n)]
    texts[:, 3] = [f"level {k}" for k in rng.zipf(1.5, n) % 300]
    signal = numbers[:, 0] + 1.5 * (texts[:, 0] == "red") + np.array(["ree" in text for text in texts[:, 2]])
    signal = signal + np.nan_to_num(numbers[:, 1]) / 3e4 + rng.normal(size=n) / 2
    problem = Problem(schema=SCHEMA, task=task, target="target", labels=LABELS[task], scorer="")
    if task == "binary":
        return problem, Rows(numbers, texts), (signal > 1).astype(np.int64)
    if task == "multiclass":
        return problem, Rows(numbers, texts), np.digitize(signal, [0, 1.5])
    return problem, Rows(numbers, texts), np.exp(signal)
