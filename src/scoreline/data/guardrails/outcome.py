"""Guardrails about the target, and about columns that give it away."""

from __future__ import annotations

from collections.abc import Iterable

from scoreline.core.entities import Guardrail
from scoreline.data.guardrails.subject import SHOWN, Subject, alerted, listed, passed
from scoreline.data.leakage import alone

MINORITY_SHARE = 0.2
"""Of two classes, the smaller should have this share of all rows; of more, this part of an even share."""
LEAKAGE_SCORE = 0.99
SKEW = 3.0


def class_balance(subject: Subject) -> Iterable[Guardrail]:
    """Alert where a class is small; for regression, where the target is skewed."""
    if subject.task == "regression":
        values = subject.outcome
        sd = float(values.std())
        skew = float((((values - values.mean()) / sd) ** 3).mean()) if sd else 0.0
        sentence = (
            f"`{subject.target}` runs from {values.min():,.6g} to {values.max():,.6g}, mean {values.mean():,.6g} "
            f"± {sd:,.6g}, skewness {skew:.1f}"
        )
        yield (alerted if abs(skew) > SKEW else passed)("target_distribution", sentence, [subject.target])
        return
    sizes, n_rows = subject.class_sizes, subject.dataset.n_rows
    smallest = min(sizes, key=lambda label: sizes[label])
    share = sizes[smallest] / n_rows
    even = 1.0 if len(sizes) == 2 else 1 / len(sizes)
    shown = sorted(sizes.items(), key=lambda item: -item[1])
    named = ", ".join(f"{label}: {size:,} ({size / n_rows:.1%})" for label, size in shown[:SHOWN])
    more = f" and {len(shown) - SHOWN} more classes" if len(shown) > SHOWN else ""
    if share < MINORITY_SHARE * even:
        sentence = f"classes are out of balance: {named}{more}; accuracy flatters, so judge by auc, f1 or log_loss"
        yield alerted("class_balance", sentence, [subject.target])
    else:
        yield passed("class_balance", f"{named}{more}", [subject.target])


def rare_classes(subject: Subject) -> Iterable[Guardrail]:
    """Alert to classes of fewer rows than there are folds."""
    if subject.task == "regression":
        return
    rare = {label: size for label, size in subject.class_sizes.items() if size < subject.n_folds}
    if rare:
        named = ", ".join(f"{label}: {size}" for label, size in list(rare.items())[:SHOWN])
        sentence = (
            f"{len(rare)} classes have fewer rows than the {subject.n_folds} folds ({named}): some folds lack them"
        )
        yield alerted("rare_classes", sentence, [subject.target])
    else:
        least = min(subject.class_sizes.values())
        yield passed("rare_classes", f"every class has at least {least:,} rows for {subject.n_folds} folds")


def leakage(subject: Subject) -> Iterable[Guardrail]:
    """Alert to columns that alone predict the target, out of sample, with AUC or R² above 0.99."""
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
        named = listed((name, f"{measure} {score:.4f}") for name, score in suspects.items())
        sentence = f"alone these predict `{subject.target}`: {named}; drop a column that is known only afterwards"
        yield alerted("leakage", sentence, list(suspects))
    elif scores:
        best = max(scores, key=lambda name: scores[name])
        yield passed(
            "leakage", f"no column alone predicts `{subject.target}`; best is `{best}`, {measure} {scores[best]:.3f}"
        )
    else:
        yield passed("leakage", "not tried: the rows are too few, or every column is free text")
