"""The data plane: bytes → Decoded → Predictions → bytes. Every dialect comes this way; no web framework does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import compress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from scoreline.core.errors import ScorelineError
from scoreline.scoring.predictions import Answer
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.batch import Batch, decode, encode
from scoreline.serving.protocols.dialect import Dialect, Reply

if TYPE_CHECKING:
    from scoreline.serving.media.medium import Medium

clock = time.perf_counter


class Asked:
    """A request: its dialect, its body, the version that answers it, and who asked when."""

    __slots__ = (
        "accept",
        "active",
        "body",
        "caller",
        "dialect",
        "key",
        "medium",
        "n_rows",
        "request_id",
        "span",
        "started_at",
        "trace",
        "whole_at",
    )

    def __init__(
        self,
        dialect: Dialect,
        body: bytes,
        active: Active,
        *,
        request_id: str = "",
        caller: str = "",
        key: str = "",
        trace: str = "",
        started_at: float | None = None,
        medium: Medium | None = None,
        accept: Medium | None = None,
    ) -> None:
        self.medium = medium
        """How its body is written; None: as the dialect's own JSON."""
        self.accept = accept
        """How its answer is to be written; None: as the dialect's own JSON."""
        self.dialect = dialect
        self.body: Any = body
        """Its bytes, or what its way in has made of them for its dialect to read."""
        self.active = active
        self.request_id = request_id
        self.caller = caller
        """Address of the client."""
        self.key = key
        """What the caller sent to be answered by the same version again; empty: nothing."""
        self.trace = trace
        """The caller's ``traceparent``; empty: none."""
        self.started_at = clock() if started_at is None else started_at
        """When its headers were read, on ``clock``."""
        self.whole_at = clock()
        """When its body was whole."""
        self.n_rows: int | None = None
        """How many rows were scored for it; None: it has no answer, or an error for one."""
        self.span: Any = None
        """The server's own span of it, where spans are made."""


class Run:
    """One run of a graph: the rows of all its requests under one another, and when each of its phases ended."""

    __slots__ = (
        "active",
        "asked",
        "begun_at",
        "decoded_at",
        "encoded_at",
        "rows",
        "scored_at",
        "scoring_at",
        "sizes",
        "values",
    )

    def __init__(
        self, active: Active, asked: Sequence[Asked], sizes: Sequence[int], rows: Rows, values: Answer
    ) -> None:
        self.active = active
        self.asked = asked
        """The requests that have an answer, in order."""
        self.sizes = sizes
        """How many rows each of them has."""
        self.rows = rows
        self.values = values
        """``probability`` float32[n, c] or ``prediction`` float64[n]."""
        self.begun_at = self.decoded_at = self.scoring_at = self.scored_at = self.encoded_at = 0.0

    def keep(self, chosen: Sequence[bool]) -> None:
        """Leave only these requests, and their rows."""
        mask = np.repeat(chosen, self.sizes)
        self.rows, self.values = self.rows[mask], self.values[mask]
        self.asked = list(compress(self.asked, chosen))
        self.sizes = list(compress(self.sizes, chosen))


class Watcher(Protocol):
    """Is told what was answered: the prediction log, the meters, the shadow."""

    def answered(self, run: Run) -> None:
        """Take note, before the answers leave. It is called from several threads, and must not raise."""
        ...


class Plane:
    """Answers requests; those that came together with one run of the graph for each version that they ask."""

    def __init__(self, watchers: Sequence[Watcher] = ()) -> None:
        self._watchers = tuple(watchers)

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher``, too."""
        self._watchers = (*self._watchers, watcher)

    def answer_one(self, asked: Asked) -> Reply:
        """Answer one request. Raises ScorelineError."""
        answer = self.answer((asked,))[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def answer(self, asked: Sequence[Asked]) -> list[Reply | Exception]:
        """Answer requests in the order asked.

        Each has its own answer, the very one that it has alone, or its own error, which is returned, not raised.
        """
        if len(asked) == 1:
            return [self._answer_alone(asked[0])]
        begun_at = clock()
        answers: list[Reply | Exception] = [_UNANSWERED] * len(asked)
        batches = _batches(asked)
        for batch in batches:
            for place, error in batch.decode():
                answers[place] = error
        decoded_at = clock()
        for batch in batches:
            if batch.asked:
                self._run(batch, answers, begun_at, decoded_at)
        return answers

    def _answer_alone(self, one: Asked) -> Reply | Exception:
        begun_at = clock()
        try:
            call = decode(one)
            decoded_at = clock()
            rows = call.decoded.rows
            predictions = one.active.pipeline.score_rows(rows)
            scored_at = clock()
            reply = encode(one, call, predictions)
        except Exception as error:
            return error
        one.n_rows = len(rows)
        if self._watchers:
            run = Run(one.active, (one,), (one.n_rows,), rows, predictions.values)
            run.begun_at, run.decoded_at, run.scoring_at, run.scored_at = begun_at, decoded_at, decoded_at, scored_at
            self._tell(run)
        return reply

    def _run(self, batch: Batch, answers: list[Reply | Exception], begun_at: float, decoded_at: float) -> None:
        scoring_at = clock()
        try:
            predictions = batch.active.pipeline.score_rows(batch.rows)
        except Exception:  # whose fault it is shows when each is scored alone
            for place, one in zip(batch.places, batch.asked, strict=True):
                answers[place] = self._answer_alone(one)
            return
        scored_at = clock()
        found = batch.encode(predictions)
        failed = False
        for place, one, size, answer in zip(batch.places, batch.asked, batch.sizes, found, strict=True):
            answers[place] = answer
            if isinstance(answer, Reply):
                one.n_rows = size
            else:
                failed = True
        if self._watchers:
            run = Run(batch.active, batch.asked, batch.sizes, batch.rows, predictions.values)
            run.begun_at, run.decoded_at, run.scoring_at, run.scored_at = begun_at, decoded_at, scoring_at, scored_at
            if failed:
                run.keep([isinstance(answer, Reply) for answer in found])
            self._tell(run)

    def _tell(self, run: Run) -> None:
        run.encoded_at = clock()
        for watcher in self._watchers:
            watcher.answered(run)


def _batches(asked: Sequence[Asked]) -> list[Batch]:
    """Sort requests by the version that answers them."""
    if len(set(map(_active, asked))) == 1:
        return [Batch(asked[0].active, asked, range(len(asked)))]
    places: dict[Active, list[int]] = {}
    for place, one in enumerate(asked):
        places.setdefault(one.active, []).append(place)
    return [Batch(active, [asked[place] for place in chosen], chosen) for active, chosen in places.items()]


_active = attrgetter("active")
_UNANSWERED = ScorelineError("the request was not answered")
