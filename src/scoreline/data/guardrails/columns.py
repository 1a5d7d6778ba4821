"""Guardrails about columns."""

from __future__ import annotations

from collections.abc import Iterable

from scoreline.core.entities import Guardrail
from scoreline.data.digest import column_digest
from scoreline.data.guardrails.subject import SHOWN, Subject, alerted, listed, passed

MISSING_SHARE = 0.3
MANY_LEVELS = 100
TOKENS = frozenset({"na", "n/a", "#n/a", "nan", "null", "?"})
"""Levels that may have been meant as missing. ``none`` and ``-`` are more often levels."""


def missing_values(subject: Subject) -> Iterable[Guardrail]:
    """Count missing cells; alert where a column lacks more than 30 %, and tell of words kept as levels."""
    frame, n_rows = subject.dataset.frame, subject.dataset.n_rows
    counts = {column.name: frame[column.name].null_count() for column in subject.inputs}
    counts = {name: count for name, count in sorted(counts.items(), key=lambda item: -item[1]) if count}
    n_cells = n_rows * len(subject.inputs)
    total = sum(counts.values())
    worded = _worded_missing(subject)
    said = f"; kept as levels: {', '.join(worded[:SHOWN])}" if worded else ""
    if not counts:
        yield passed("missing_values", f"none in {n_cells:,} cells{said}")
        return
    named = listed((name, f"{count:,}, {count / n_rows:.1%}") for name, count in counts.items())
    sentence = f"{total:,} of {n_cells:,} cells ({total / n_cells:.1%}) in {len(counts)} columns: {named}{said}"
    much = [name for name, count in counts.items() if count > MISSING_SHARE * n_rows]
    yield (alerted if much else passed)("missing_values", sentence, much or list(counts))


def _worded_missing(subject: Subject) -> list[str]:
    found = []
    for column in subject.inputs:
        words = [level for level in column.levels if level.strip().lower() in TOKENS]
        if column.type == "category" and words:
            found.append(f"{words[0]!r} in `{column.name}`")
    return found


def high_cardinality(subject: Subject) -> Iterable[Guardrail]:
    """Alert to categories of more than 100 levels."""
    frame = subject.dataset.frame
    counts = {
        column.name: frame[column.name].drop_nulls().n_unique()
        for column in subject.inputs
        if column.type == "category"
    }
    many = {name: count for name, count in counts.items() if count > MANY_LEVELS}
    if many:
        named = listed((name, f"{count:,} levels") for name, count in sorted(many.items(), key=lambda item: -item[1]))
        yield alerted("high_cardinality", f"categories of more than {MANY_LEVELS} levels: {named}", list(many))
    else:
        most = max(counts, key=lambda name: counts[name], default=None)
        said = f"`{most}` has most levels, {counts[most]}" if most else "there is no category"
        yield passed("high_cardinality", f"no category has more than {MANY_LEVELS} levels; {said}")


def left_out(subject: Subject) -> Iterable[Guardrail]:
    """Tell which columns are not learned from, and why."""
    excluded = subject.dataset.excluded
    kinds = [
        ("identifiers", "identifier", "no column is an identifier"),
        ("constant_columns", "constant", "every column varies"),
        ("empty_columns", "every value is missing", "every column has values"),
        ("nested_columns", "nested", ""),
    ]
    for name, start, otherwise in kinds:
        columns = [column for column, reason in excluded.items() if reason.startswith(start)]
        if columns:
            named = listed((column, excluded[column]) for column in columns)
            yield Guardrail(name=name, result="fixed", sentence=f"left out: {named}", columns=tuple(columns))
        elif otherwise:
            yield passed(name, otherwise)


def duplicate_columns(subject: Subject) -> Iterable[Guardrail]:
    """Alert to columns of the same values."""
    seen: dict[bytes, str] = {}
    pairs: list[tuple[str, str]] = []
    for column in subject.inputs:
        first = seen.setdefault(column_digest(subject.dataset.frame[column.name]), column.name)
        if first != column.name:
            pairs.append((first, column.name))
    if pairs:
        named = listed((again, f"as `{first}`") for first, again in pairs)
        yield alerted("duplicate_columns", f"columns of the same values: {named}", [again for _, again in pairs])
    else:
        yield passed("duplicate_columns", "no two columns are the same")


def found_in_reading(subject: Subject) -> Iterable[Guardrail]:
    """Tell what only the raw table showed: infinite numbers, mixed types, a guessed encoding, rows without target."""
    always = {"infinite_numbers": "every number is finite", "mixed_types": "every column holds one type"}
    for name in dict.fromkeys([*always, *(finding.guardrail for finding in subject.dataset.findings)]):
        found = [finding for finding in subject.dataset.findings if finding.guardrail == name]
        if not found:
            yield passed(name, always[name])
            continue
        more = f"; and {len(found) - SHOWN} more columns" if len(found) > SHOWN else ""
        yield Guardrail(
            name=name,
            result=found[0].result,
            sentence="; ".join(finding.sentence for finding in found[:SHOWN]) + more,
            columns=tuple(finding.column for finding in found if finding.column),
        )
