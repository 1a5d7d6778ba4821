"""Which versions may have answered when: what was promoted, and what was answered meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from benchmarks.steady import Answer

SWAP_SECONDS = 2.0
"""How long a worker may take to answer with the version that was promoted."""


class Promotion(NamedTuple):
    """A version that was to answer from some moment between two."""

    version: int
    begun_at: float
    done_at: float


class Verdict(NamedTuple):
    """What came of a load under which versions changed."""

    n_answers: int
    n_failed: int
    n_of_no_active_version: int
    """Answers of a version that was not active at any moment between sending and receiving."""
    n_wrong: int
    """Answers that are not what their version answers."""
    longest_swap_seconds: float
    """The longest that the version before was still asked and answered."""
    longest_gap_seconds: float
    """The longest that nobody was answered."""
    versions: frozenset[int]
    """Those that answered."""

    @property
    def is_faultless(self) -> bool:
        """Whether nothing failed, nothing was wrong, and every swap was in time."""
        faults = (self.n_failed, self.n_of_no_active_version, self.n_wrong)
        return not any(faults) and self.longest_swap_seconds <= SWAP_SECONDS


def judge(promotions: list[Promotion], answers: Iterable[Answer], bodies: dict[int, bytes]) -> Verdict:
    """Compare what was answered with what might be; ``bodies`` are the right answers, by version."""
    ordered = sorted(answers, key=lambda answer: answer.received_at)
    n_failed = sum(answer.status != 200 for answer in ordered)
    scored = [answer for answer in ordered if answer.status == 200]
    late = [_lateness(answer, promotions) for answer in scored]
    moments = [answer.received_at for answer in ordered]
    return Verdict(
        n_answers=len(ordered),
        n_failed=n_failed,
        n_of_no_active_version=sum(seconds is None for seconds in late),
        n_wrong=sum(answer.body != bodies.get(answer.version) for answer in scored),
        longest_swap_seconds=max((seconds for seconds in late if seconds is not None), default=0.0),
        longest_gap_seconds=max((after - before for before, after in pairwise(moments)), default=0.0),
        versions=frozenset(answer.version for answer in scored),
    )


def _lateness(answer: Answer, promotions: list[Promotion]) -> float | None:
    """Return for how long another version had been promoted when this was sent; None: it was not promoted at all."""
    found = None
    for promotion, following in zip(promotions, [*promotions[1:], None], strict=True):
        if promotion.version != answer.version or promotion.begun_at > answer.received_at:
            continue
        late = 0.0 if following is None else max(0.0, answer.sent_at - following.done_at)
        found = late if found is None else min(found, late)
    return found
