"""How well a model scores rows whose truth is known, and what it knows of that itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.app.data_sets.columns import Table
from scoreline.core.errors import SchemaMismatch
from scoreline.core.manifest import Manifest
from scoreline.core.schema import Label, label_text

if TYPE_CHECKING:
    from scoreline.scoring.predictions import Predictions

Floats = npt.NDArray[np.float64]


class Quality(msgspec.Struct, frozen=True, omit_defaults=True):
    """One score, and others beside it."""

    scorer: str
    """``f1`` of the labels that are answered, averaged over the labels where there are more than two; or ``r2``."""
    score: float | None
    of: str
    """Which rows were scored."""
    n_rows: int | None = None
    scores: dict[str, float] = {}
    """By our scorers; of two classes those that need no threshold."""
    labels: list[Label] = []
    confusion: list[list[int]] = []
    """Rows: what was true; columns: what was answered; both in the order of ``labels``."""
    note: str = ""


def score_rows(manifest: Manifest, table: Table, predictions: Predictions, of: str) -> Quality:
    """Compare predictions with the column of the target. Raises SchemaMismatch where it is not there or cannot be."""
    if manifest.target not in table.names:
        raise SchemaMismatch(
            f"the table has no column `{manifest.target}`, which says what was true",
            hint=f"its columns: {', '.join(table.names)}",
            column=manifest.target,
        )
    j = table.names.index(manifest.target)
    n_rows = table.n_rows
    if manifest.task == "regression":
        truth = _numbers(manifest, table, j)
        scores = _scores(manifest, truth, predictions.values.astype(np.float64))
        return Quality("r2", scores.get("r2"), of, n_rows, scores)
    actual = _labels(manifest, table.texts(j) or [])
    answered = predictions.label_index
    n_labels = len(manifest.labels)
    confusion = np.bincount(actual * n_labels + answered, minlength=n_labels**2).reshape(n_labels, n_labels)
    scores = _scores(manifest, actual, predictions.values.astype(np.float64))
    f1 = _f1(confusion, manifest.positive if n_labels == 2 else None)
    return Quality("f1", f1, of, n_rows, scores, list(manifest.labels), confusion.tolist())


def known_quality(manifest: Manifest) -> Quality:
    """Return what the model knows: its scores on test rows or, where it had none, on validation rows."""
    scorer = "r2" if manifest.task == "regression" else "f1"
    found, of = manifest.scores.test, "test rows of the experiment"
    if not found:
        found, of = manifest.scores.validation, "validation rows of the experiment"
    if not manifest.lineage.experiment:
        of = "the sample that the model was imported with"
    note = "send rows with their truth to have the labels scored that are answered"
    if not found:
        note, of = f"the model was made without rows whose truth is known: {note}", "nothing"
    elif scorer not in found:
        note = f"`{scorer}` is not known: {note}"
    elif manifest.task == "binary":
        note = f"`f1` is that of the best threshold: {note}"
    else:
        note = ""
    return Quality(scorer, found.get(scorer), of, scores=dict(found), note=note)


def _f1(confusion: npt.NDArray[np.int64], positive: int | None) -> float:
    """2 TP / (2 TP + FP + FN) of the positive label, or averaged over the labels that occur or are answered."""
    doubled = 2 * np.diag(confusion)
    below = confusion.sum(axis=0) + confusion.sum(axis=1)
    if positive is not None:
        return float(doubled[positive] / below[positive]) if below[positive] else 0.0
    occur = below > 0
    return float(np.mean(doubled[occur] / below[occur]))


def _scores(manifest: Manifest, actual: npt.NDArray[Any], predicted: Floats) -> dict[str, float]:
    from scoreline.automl.scorers import oriented, score_each, scorers_for
    from scoreline.automl.scorers.classification import FScore, Mcc

    turned, exact = oriented(actual, predicted, manifest.positive)
    scorers = scorers_for(manifest.task)
    if manifest.task == "binary":
        scorers = [scorer for scorer in scorers if not isinstance(scorer, FScore | Mcc)]
    return score_each(scorers, lambda scorer: scorer.score(turned, exact))


def _numbers(manifest: Manifest, table: Table, j: int) -> Floats:
    parsed = table.parsed(j)
    numbers, others = (np.empty(0), [0]) if parsed is None else parsed
    bad = others[:1] or np.flatnonzero(~np.isfinite(numbers))[:1].tolist()
    if bad:
        raise SchemaMismatch(
            f"row {bad[0] + 1}, column `{manifest.target}`: expected a number",
            hint="leave out rows whose truth is not known",
            row=bad[0] + 1,
            column=manifest.target,
        )
    return numbers


def _labels(manifest: Manifest, texts: Sequence[str | None]) -> npt.NDArray[np.int64]:
    places = {label_text(label): i for i, label in enumerate(manifest.labels)}
    actual = np.empty(len(texts), np.int64)
    for i, text in enumerate(texts):
        place = places.get(text or "")
        if place is None:
            place = places.get(_plain(text or ""))
        if place is None:
            raise SchemaMismatch(
                f"row {i + 1}, column `{manifest.target}`: expected one of {', '.join(places)}, found {text!r}",
                hint="leave out rows whose truth is not known",
                row=i + 1,
                column=manifest.target,
            )
        actual[i] = place
    return actual


def _plain(text: str) -> str:
    """Return a label as it is told here, where a table writes it another way: ``1.0``, ``True``."""
    try:
        return label_text(float(text))
    except (ValueError, OverflowError):
        return text.strip().lower()
