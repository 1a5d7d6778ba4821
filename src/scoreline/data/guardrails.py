"""What to know about a dataset before learning from it: each check with a result and a sentence with figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scoreline.core.entities import Guardrail
from scoreline.core.errors import BadData
from scoreline.core.schema import Column, Label, Task
from scoreline.data.dataset import Dataset
from scoreline.data.digest import column_digest
from scoreline.data.leakage import alone
from scoreline.data.splits import SplitKind
from scoreline.data.target import encode_target, target_labels

FEWEST_ROWS = 10
SMALL_ROWS = 500
MINORITY_SHARE = 0.2
"""Alert when the smallest class has less than this share of its even share, for two classes of all rows."""
MISSING_SHARE = 0.3
MANY_LEVELS = 100
DUPLICATE_SHARE = 0.01
LEAKAGE_SCORE = 0.99
SKEW = 3.0
SHOWN = 5
TOKENS = ["na", "n/a", "#n/a", "nan", "null", "?"]


@dataclass(frozen=True)
class _Subject:
    dataset: Dataset
    target: str
    task: Task
    split: SplitKind | None
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


def check(
    dataset: Dataset, target: str, task: Task, *, split: SplitKind | None = None, n_folds: int = 5
) -> list[Guardrail]:
    """Check a dataset that ``target`` is to be learned from, for ``task``.

    ``split`` is the kind of test split planned (None: the default for the task, which is random), ``n_folds`` the folds
    of cross-validation.

    Raises:
        BadData: nothing can be learned: fewer than 10 rows, one class, no input column.
    """
    if dataset.n_rows < FEWEST_ROWS:
        raise BadData(
            f"{dataset.name} has {dataset.n_rows} rows with a target",
            hint=f"at least {FEWEST_ROWS} are needed to learn",
        )
    subject = _Subject(dataset, target, task, split, n_folds)
    if not subject.inputs:
        reasons = "; ".join(f"`{name}`: {reason}" for name, reason in list(dataset.excluded.items())[:SHOWN])
        raise BadData(f"{dataset.name} has no column to predict `{target}` from; left out: {reasons or 'none'}")
    return [guardrail for run in CHECKS for guardrail in run(subject)]


def _data_size(subject: _Subject) -> Iterable[Guardrail]:
    n_rows, n_columns = subject.dataset.n_rows, len(subject.inputs)
    if n_rows < SMALL_ROWS:
        yield _alerted("small_data", f"{n_rows:,} rows are few: scores will vary by chance, see their ±")
    elif n_columns > n_rows:
        yield _alerted(
            "small_data", f"{n_columns:,} columns are more than the {n_rows:,} rows: chance findings are likely"
        )
    else:
        yield _passed("small_data", f"{n_rows:,} rows, {n_columns:,} input columns")


def _class_balance(subject: _Subject) -> Iterable[Guardrail]:
    if subject.task == "regression":
        values = subject.outcome
        sd = float(values.std())
        skew = float((((values - values.mean()) / sd) ** 3).mean()) if sd else 0.0
        sentence = (
            f"`{subject.target}` runs from {values.min():,.6g} to {values.max():,.6g}, mean {values.mean():,.6g} "
            f"± {sd:,.6g}, skewness {skew:.1f}"
        )
        yield (_alerted if abs(skew) > SKEW else _passed)("target_distribution", sentence, [subject.target])
        return
    sizes, n_rows = subject.class_sizes, subject.dataset.n_rows
    smallest = min(sizes, key=lambda label: sizes[label])
    share = sizes[smallest] / n_rows
    even = 1.0 if len(sizes) == 2 else 1 / len(sizes)
    shown = sorted(sizes.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{label}: {size:,} ({size / n_rows:.1%})" for label, size in shown[:SHOWN])
    more = f" and {len(shown) - SHOWN} more classes" if len(shown) > SHOWN else ""
    if share < MINORITY_SHARE * even:
        sentence = f"classes are out of balance: {listed}{more}; accuracy flatters, so judge by auc, f1 or log_loss"
        yield _alerted("class_balance", sentence, [subject.target])
    else:
        yield _passed("class_balance", f"{listed}{more}", [subject.target])


def _rare_classes(subject: _Subject) -> Iterable[Guardrail]:
    if subject.task == "regression":
        return
    rare = {label: size for label, size in subject.class_sizes.items() if size < subject.n_folds}
    if rare:
        listed = ", ".join(f"{label}: {size}" for label, size in list(rare.items())[:SHOWN])
        sentence = (
            f"{len(rare)} classes have fewer rows than the {subject.n_folds} folds ({listed}): some folds lack them"
        )
        yield _alerted("rare_classes", sentence, [subject.target])
    else:
        least = min(subject.class_sizes.values())
        yield _passed("rare_classes", f"every class has at least {least:,} rows for {subject.n_folds} folds")


def _missing_values(subject: _Subject) -> Iterable[Guardrail]:
    frame, n_rows = subject.dataset.frame, subject.dataset.n_rows
    counts = {column.name: frame[column.name].null_count() for column in subject.inputs}
    counts = {name: count for name, count in sorted(counts.items(), key=lambda item: -item[1]) if count}
    n_cells = n_rows * len(subject.inputs)
    total = sum(counts.values())
    worded = _worded_missing(subject)
    said = f"; kept as levels: {', '.join(worded[:SHOWN])}" if worded else ""
    if not counts:
        yield _passed("missing_values", f"none in {n_cells:,} cells{said}")
        return
    listed = _listed((name, f"{count:,}, {count / n_rows:.1%}") for name, count in counts.items())
    sentence = f"{total:,} of {n_cells:,} cells ({total / n_cells:.1%}) in {len(counts)} columns: {listed}{said}"
    much = [name for name, count in counts.items() if count > MISSING_SHARE * n_rows]
    yield (_alerted if much else _passed)("missing_values", sentence, much or list(counts))


def _worded_missing(subject: _Subject) -> list[str]:
    found = []
    for column in subject.inputs:
        words = [level for level in column.levels if level.strip().lower() in TOKENS] if len(column.levels) else []
        if column.type == "category" and words:
            found.append(f"{words[0]!r} in `{column.name}`")
    return found


def _high_cardinality(subject: _Subject) -> Iterable[Guardrail]:
    frame = subject.dataset.frame
    counts = {
        column.name: frame[column.name].drop_nulls().n_unique()
        for column in subject.inputs
        if column.type == "category"
    }
    many = {name: count for name, count in counts.items() if count > MANY_LEVELS}
    if many:
        listed = _listed((name, f"{count:,} levels") for name, count in sorted(many.items(), key=lambda item: -item[1]))
        yield _alerted("high_cardinality", f"categories of more than {MANY_LEVELS} levels: {listed}", list(many))
    else:
        most = max(counts, key=lambda name: counts[name], default=None)
        said = f"`{most}` has most levels, {counts[most]}" if most else "there is no category"
        yield _passed("high_cardinality", f"no category has more than {MANY_LEVELS} levels; {said}")


def _left_out(subject: _Subject) -> Iterable[Guardrail]:
    excluded = subject.dataset.excluded
    kinds = [
        ("identifiers", "identifier", "no column is an identifier"),
        ("constant_columns", "constant", "every column varies"),
        ("empty_columns", "every value is missing", "every column has values"),
        ("nested_columns", "nested", ""),
    ]
    for name, start, passed in kinds:
        columns = [column for column, reason in excluded.items() if reason.startswith(start)]
        if columns:
            listed = "; ".join(f"`{column}` ({excluded[column]})" for column in columns[:SHOWN])
            more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
            yield Guardrail(name=name, result="fixed", sentence=f"left out: {listed}{more}", columns=tuple(columns))
        elif passed:
            yield _passed(name, passed)


def _duplicate_rows(subject: _Subject) -> Iterable[Guardrail]:
    frame = subject.dataset.frame
    n_again = len(frame) - len(frame.unique())
    share = n_again / len(frame)
    if share >= DUPLICATE_SHARE:
        sentence = (
            f"{n_again:,} rows ({share:.1%}) repeat an earlier row: copies on both sides of a split flatter scores"
        )
        yield _alerted("duplicate_rows", sentence)
    else:
        yield _passed("duplicate_rows", f"{n_again:,} of {len(frame):,} rows repeat an earlier row")


def _duplicate_columns(subject: _Subject) -> Iterable[Guardrail]:
    seen: dict[bytes, str] = {}
    pairs: list[tuple[str, str]] = []
    for column in subject.inputs:
        first = seen.setdefault(column_digest(subject.dataset.frame[column.name]), column.name)
        if first != column.name:
            pairs.append((first, column.name))
    if pairs:
        listed = ", ".join(f"`{again}` = `{first}`" for first, again in pairs[:SHOWN])
        yield _alerted("duplicate_columns", f"columns of the same values: {listed}", [again for _, again in pairs])
    else:
        yield _passed("duplicate_columns", "no two columns are the same")


def _leakage(subject: _Subject) -> Iterable[Guardrail]:
    measure = "R²" if subject.task == "regression" else "AUC"
    scores: dict[str, float] = {}
    for column in subject.inputs:
        score = alone(subject.dataset.frame[column.name], column, subject.outcome, subject.task)
        if score is not None:
            scores[column.name] = score
    suspects = {
        name: score for name, score in sorted(scores.items(), key=lambda item: -item[1]) if score > LEAKAGE_SCORE
    }
    if suspects:
        listed = _listed((name, f"{measure} {score:.4f}") for name, score in suspects.items())
        sentence = f"alone these predict `{subject.target}`: {listed}; drop a column that is known only afterwards"
        yield _alerted("leakage", sentence, list(suspects))
    elif scores:
        best = max(scores, key=lambda name: scores[name])
        yield _passed(
            "leakage", f"no column alone predicts `{subject.target}`; best is `{best}`, {measure} {scores[best]:.3f}"
        )
    else:
        yield _passed("leakage", "not tried: the rows are too few, or every column is free text")


def _time_order(subject: _Subject) -> Iterable[Guardrail]:
    dates = [column.name for column in subject.inputs if column.type == "datetime"]
    if dates and subject.split in (None, "random", "stratified"):
        sentence = (
            f"`{dates[0]}` dates the rows, but the test rows are drawn at random: if scores are for the future, "
            "a time split tells more honestly how good they are"
        )
        yield _alerted("time_order", sentence, dates)
    else:
        yield _passed("time_order", f"rows are split by {subject.split}" if dates else "no column dates the rows")


def _found_in_reading(subject: _Subject) -> Iterable[Guardrail]:
    always = {"infinite_numbers": "every number is finite", "mixed_types": "every column holds one type"}
    names = Counter(finding.guardrail for finding in subject.dataset.findings)
    for name in dict.fromkeys([*always, *names]):
        found = [finding for finding in subject.dataset.findings if finding.guardrail == name]
        if not found:
            yield _passed(name, always[name])
            continue
        more = f"; and {len(found) - SHOWN} more columns" if len(found) > SHOWN else ""
        yield Guardrail(
            name=name,
            result=found[0].result,
            sentence="; ".join(finding.sentence for finding in found[:SHOWN]) + more,
            columns=tuple(finding.column for finding in found if finding.column),
        )


CHECKS: tuple[Callable[[_Subject], Iterable[Guardrail]], ...] = (
    _data_size,
    _class_balance,
    _rare_classes,
    _missing_values,
    _high_cardinality,
    _left_out,
    _duplicate_rows,
    _duplicate_columns,
    _leakage,
    _time_order,
    _found_in_reading,
)


def _passed(name: str, sentence: str, columns: Sequence[str] = ()) -> Guardrail:
    return Guardrail(name=name, result="passed", sentence=sentence, columns=tuple(columns))


def _alerted(name: str, sentence: str, columns: Sequence[str] = ()) -> Guardrail:
    return Guardrail(name=name, result="alerted", sentence=sentence, columns=tuple(columns))


def _listed(items: Iterable[tuple[str, str]]) -> str:
    shown = [f"`{name}` ({said})" for name, said in items]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more
