"""The data plane: bytes → Decoded → Predictions → bytes. Every dialect comes this way; no web framework does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scoreline.core.errors import ScorelineError
from scoreline.scoring.pipeline import ScoringPipeline
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import Call, Dialect, Reply


class Asked(NamedTuple):
    """A request: its dialect, its body, and the version that answers it."""

    dialect: Dialect
    body: bytes
    active: Active


def answer(dialect: Dialect, body: bytes, active: Active) -> Reply:
    """Score ``body``, written in ``dialect``, with the version that answers. Raises ScorelineError."""
    call = dialect.decode(body, active)
    return dialect.encode(call, active.pipeline.score_rows(call.decoded.rows), active)


def answer_together(asked: Sequence[Asked]) -> list[Reply | Exception]:
    """Answer several requests with one run of the graph for each scoring pipeline; answers in the order asked.

    Each request has its own answer, the very one that it has alone, or its own error, which is returned, not raised.
    """
    if len(asked) == 1:
        return [_alone(asked[0])]
    answers: list[Reply | Exception] = []
    decoded: dict[int, list[tuple[int, Call]]] = {}
    for i, (dialect, body, active) in enumerate(asked):
        try:
            call = dialect.decode(body, active)
        except Exception as error:
            answers.append(error)
        else:
            answers.append(_UNANSWERED)
            decoded.setdefault(id(active.pipeline), []).append((i, call))
    for calls in decoded.values():
        pipeline = asked[calls[0][0]].active.pipeline
        try:
            parts: Iterator[Predictions] | list[None] = _score_together(pipeline, [call for _, call in calls])
        except Exception:  # whose fault it is shows when each is scored alone
            parts = [None] * len(calls)
        for (i, call), predictions in zip(calls, parts, strict=True):
            answers[i] = _encode(asked[i], call, predictions)
    return answers


_UNANSWERED = ScorelineError("the request was not answered")


def _alone(asked: Asked) -> Reply | Exception:
    try:
        return answer(*asked)
    except Exception as error:
        return error


def _encode(asked: Asked, call: Call, predictions: Predictions | None) -> Reply | Exception:
    active = asked.active
    try:
        if predictions is None:
            predictions = active.pipeline.score_rows(call.decoded.rows)
        return asked.dialect.encode(call, predictions, active)
    except Exception as error:
        return error


def _score_together(pipeline: ScoringPipeline, calls: Sequence[Call]) -> Iterator[Predictions]:
    rows = [call.decoded.rows for call in calls]
    if len(rows) == 1:
        return iter([pipeline.score_rows(rows[0])])
    return pipeline.score_rows(Rows.join(rows)).split([len(part) for part in rows])
