"""The data plane: bytes → Decoded → Predictions → bytes. Every dialect comes this way; no web framework does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from scoreline.core.errors import ScorelineError
from scoreline.scoring.predictions import Answer
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import Call, Dialect, Reply

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
        self.body = body
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
        begun_at = clock()
        answers: list[Reply | Exception] = []
        groups: dict[Active, list[_Place]] = {}
        for place, one in enumerate(asked):
            active = one.active
            try:
                if one.medium is None:
                    call = one.dialect.decode(one.body, active)
                else:
                    call = Call(one.medium.read(one.body, active))
            except Exception as error:
                answers.append(error)
                continue
            answers.append(_UNANSWERED)
            if active in groups:
                groups[active].append((place, one, call))
            else:
                groups[active] = [(place, one, call)]
        decoded_at = clock()
        for active, group in groups.items():
            self._run(active, group, answers, begun_at, decoded_at)
        return answers

    def _run(
        self,
        active: Active,
        group: list[_Place],
        answers: list[Reply | Exception],
        begun_at: float,
        decoded_at: float,
    ) -> None:
        scoring_at = clock()
        parts = [call.decoded.rows for _, _, call in group]
        sizes = list(map(len, parts))
        rows = Rows.join(parts)
        try:
            predictions = active.pipeline.score_rows(rows)
        except Exception as error:
            if len(group) == 1:
                answers[group[0][0]] = error
                return
            for alone in group:  # whose fault it is shows when each is scored alone
                self._run(active, [alone], answers, begun_at, decoded_at)
            return
        scored_at = clock()
        failed = False
        split = predictions.split(sizes) if len(sizes) > 1 else (predictions,)
        for (place, one, call), part, size in zip(group, split, sizes, strict=True):
            try:
                if one.accept is None:
                    answers[place] = one.dialect.encode(call, part, active)
                else:
                    answers[place] = one.accept.write(part, call.decoded, active)
                one.n_rows = size
            except Exception as error:
                answers[place] = error
                failed = True
        if self._watchers:
            run = Run(active, [one for _, one, _ in group], sizes, rows, predictions.values)
            run.begun_at, run.decoded_at, run.scoring_at = begun_at, decoded_at, scoring_at
            run.scored_at, run.encoded_at = scored_at, clock()
            if failed:
                run.keep([isinstance(answers[place], Reply) for place, _, _ in group])
            for watcher in self._watchers:
                watcher.answered(run)


_Place = tuple[int, Asked, Call]
"""Where the answer stands, and what it answers."""
_UNANSWERED = ScorelineError("the request was not answered")
