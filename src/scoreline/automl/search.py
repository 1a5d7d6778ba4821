"""The search: candidates to workers, fold by fold, until the time that the end needs is all that is left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scoreline.automl.attempt import Attempt
from scoreline.automl.budget import Budget, Pace
from scoreline.automl.candidate import Candidate
from scoreline.automl.events import Event, Progress, TrialFinished, TrialStarted, TrialStatus
from scoreline.automl.final import reserve_seconds
from scoreline.automl.messages import FitFold
from scoreline.automl.plan import Plan
from scoreline.automl.pool import Outcome, Pool
from scoreline.automl.proposals import Proposals
from scoreline.core.errors import ExperimentFailed

TICK_SECONDS = 0.25
FIRST_LOOK_CELLS_PER_SECOND = 20_000
"""Training cells of one fit a second of budget; with more, candidates first learn from a sample of the rows."""
FEWEST_FIRST_LOOK_ROWS = 30_000
WORTH_SAMPLING = 0.5
"""A larger part of the rows than this is no quicker look: all are used."""
LARGEST_SHARE_OF_A_TRIAL = 0.4
"""Of the budget, for all folds of one trial on all workers; then it is over time."""
SHORTEST_FIT_SECONDS = 0.2
SETTLE_SHARE = 0.35
"""Of the budget is left when no trial has all its folds: those that have the first must do."""
GRACE_SECONDS = 1.0
"""A fit that was asked to end is killed this much later."""
GRACE_SHARE = 0.25
"""And this share of its time, since features and a last prediction take time too."""
FIRST_USE_SECONDS = 8.0
"""Instead, for a learner whose library may still have to be imported."""
NOT_FAR_BEHIND, NOT_FAR_BEHIND_IF_COSTLY = 0.5, 0.9
"""A candidate of the portfolio whose first fold gains less than this share of the best's gain is not followed."""
COSTLY = 2.0
"""Times as long as the median attempt."""
N_PROMOTED = 2
"""Candidates of the first look that are tried on all rows before others are looked at."""
N_KEPT = 40
"""Attempts whose predictions are kept for the ensemble."""
PERFECT_WITHIN = 1e-12
SHOWN_REASONS = 5
CELLS_SCORED_AT_ONCE = 200_000
"""Validation rows x classes up to which every scorer is computed for every trial."""


class Search:
    """Tries candidates until the budget is spent, nothing is left to try, or nothing can get better."""

    def __init__(
        self,
        plan: Plan,
        pool: Pool,
        budget: Budget,
        *,
        max_trials: int | None,
        emit: Callable[[Event], None],
    ) -> None:
        self.plan, self._validation = plan, plan.validation
        self._pool, self._budget, self._emit = pool, budget, emit
        self._max_trials = max_trials
        self.attempts: list[Attempt] = []
        self._jobs: dict[int, tuple[Attempt, int]] = {}
        self._n_jobs = 0
        self._pace = Pace()
        self._reserved_seconds = reserve_seconds([], plan, budget)
        self._trivial_loss = self._validation.trivial_loss()
        self.proposals = Proposals(
            plan.problem, plan.y, seed=plan.seed, learners=plan.learners, trivial_loss=self._trivial_loss
        )
        self._n_first = len(self.proposals.first)
        self._n_folds = len(plan.folds.pairs)
        self._fit_rows = max(len(trains) for trains, _ in plan.folds.pairs)
        self._look_rows = self._first_look_rows()
        self._promoted: set[int] = set()

    def run(self) -> list[Attempt]:
        """Search; the attempts in the order in which they were begun, at least one of them done.

        Raises ``ExperimentFailed`` when none succeeded.
        """
        while True:
            begun = self._fill()
            if self._is_over() or (not begun and not self._jobs and self._pool.n_idle):
                break
            for outcome in self._pool.poll(min(TICK_SECONDS, max(0.0, self._left()))):
                self._hear(outcome)
            self._emit(self._progress())
        self._pool.cancel()
        if not self._complete():
            self._settle_for_first_fold()
        for attempt in self.attempts:
            if attempt.status == "running":
                self._end(attempt, "killed", f"the time was over after {len(attempt.fitted)} of {self._n_folds} folds")
        if not self._complete():
            raise ExperimentFailed(self._why_none(), hint="give it more time")
        return self.attempts

    def _is_over(self) -> bool:
        if not self._complete():
            begun = any(0 in attempt.fitted for attempt in self.attempts)
            return self._budget.left_seconds <= (SETTLE_SHARE * self._budget.seconds if begun else 0)
        return self._left() <= 0 or (not self.proposals.first and self._perfect())

    def _settle_for_first_fold(self) -> None:
        """Judge by one fold what never got through all of them: the time was too short for more."""
        begun = [attempt for attempt in self.attempts if 0 in attempt.fitted]
        if not begun:
            return
        folds = self.plan.folds.first_only()
        self.plan = self.plan._replace(folds=folds, validation=self._validation.of(self.plan.y, folds))
        self._validation = self.plan.validation
        for attempt in begun:
            attempt.keep_first_fold_only()
            self._judge(attempt)

    # choosing

    def _fill(self) -> bool:
        """Give idle workers something to do; whether there was anything."""
        begun = False
        while self._pool.n_idle and (job := self._next_job()):
            attempt, fold = job
            attempt.waiting.remove(fold)
            self._n_jobs += 1
            self._jobs[self._n_jobs] = job
            seconds = self._limit_seconds()
            request = FitFold(attempt.candidate, fold, seconds, n_rows=attempt.n_rows, keep=fold == 0)
            allowed = GRACE_SECONDS if self._pace.knows(attempt.candidate.learner) else FIRST_USE_SECONDS
            self._pool.submit(self._n_jobs, request, limit_seconds=seconds * (1 + GRACE_SHARE) + allowed)
            begun = True
        return begun

    def _next_job(self) -> tuple[Attempt, int] | None:
        for attempt in self.attempts:
            if attempt.status == "running" and attempt.waiting and attempt.promising:
                return attempt, attempt.waiting[0]
        if self._max_trials is not None and len(self.attempts) >= self._max_trials:
            return None
        new = self._promotion() or self._proposal()
        if new is None:
            return None
        self.attempts.append(new)
        candidate = new.candidate
        self._emit(TrialStarted(number=new.number, learner=candidate.learner, features=candidate.features))
        return new, new.waiting[0]

    def _proposal(self) -> Attempt | None:
        number = len(self.attempts) + 1
        candidate = self.proposals.next(number, lambda candidate: self._affordable(candidate, self._look_rows))
        if candidate is None:
            return None
        attempt = Attempt(number, candidate, self._n_folds, n_rows=self._look_rows)
        attempt.promising = not self._complete()
        return attempt

    def _promotion(self) -> Attempt | None:
        """Try the best of those that learned from a sample of the rows, now with all of them."""
        if self._look_rows is None or self.proposals.first:
            return None
        looked = sorted((a for a in self.attempts if a.done and a.n_rows), key=lambda attempt: attempt.loss)
        for attempt in looked[:N_PROMOTED]:
            if attempt.number not in self._promoted and self._affordable(attempt.candidate, None):
                self._promoted.add(attempt.number)
                return Attempt(len(self.attempts) + 1, attempt.candidate, self._n_folds)
        return None

    def _affordable(self, candidate: Candidate, n_rows: int | None) -> bool:
        """Whether all folds of a candidate will be fitted before the search must end."""
        if not self._complete():
            return True
        waves = -(-self._n_folds // min(self.plan.n_workers, self._n_folds))
        seconds = self._pace.seconds(candidate.learner, min(n_rows or self._fit_rows, self._fit_rows))
        return seconds * waves < self._left()

    def _limit_seconds(self) -> float:
        waves = self._n_folds / min(self.plan.n_workers, self._n_folds)
        left = self._left() if self._complete() else self._budget.left_seconds / 2
        return max(SHORTEST_FIT_SECONDS, min(LARGEST_SHARE_OF_A_TRIAL * self._budget.seconds / waves, left))

    def _first_look_rows(self) -> int | None:
        if not self.plan.folds.holdout:
            return None
        affordable = self._budget.seconds * FIRST_LOOK_CELLS_PER_SECOND / len(self.plan.problem.schema.columns)
        rows = max(FEWEST_FIRST_LOOK_ROWS, round(affordable))
        return rows if rows < WORTH_SAMPLING * self._fit_rows else None

    # judging

    def _hear(self, outcome: Outcome) -> None:
        attempt, fold = self._jobs.pop(outcome.job)
        attempt.seconds += outcome.seconds
        if attempt.status != "running":
            return
        if outcome.status != "done":
            self._end(attempt, outcome.status, outcome.reason)
            return
        attempt.fitted[fold] = outcome.answer
        if fold == 0:
            attempt.first_loss = self._validation.loss_of_fold(0, outcome.answer.predicted)
        self._pace.learn(attempt.candidate.learner, outcome.answer)
        if attempt.complete:
            self._judge(attempt)
        elif fold == 0 and not attempt.promising:
            self._look_at_first_fold(attempt)

    def _judge(self, attempt: Attempt) -> None:
        predicted = attempt.stack()
        score = self._validation.score(predicted)
        attempt.loss = self._validation.as_loss(score)
        if not np.isfinite(attempt.loss):
            self._end(attempt, "failed", f"{self._validation.scorer.name} is not defined for its predictions")
            return
        attempt.predicted, attempt.score, attempt.sd = predicted, score, self._validation.sd(predicted)
        attempt.scores = {self._validation.scorer.name: score}
        if predicted.size <= CELLS_SCORED_AT_ONCE:
            attempt.scores = self._validation.all_scores(predicted)
        self._end(attempt, "done", f"learned from a sample of {attempt.n_rows:,} rows" if attempt.n_rows else "")
        for other in sorted((a for a in self.attempts if a.done), key=lambda a: a.loss)[N_KEPT:]:
            other.forget()
        self._reserved_seconds = reserve_seconds(self.attempts, self.plan, self._budget)

    def _look_at_first_fold(self, attempt: Attempt) -> None:
        loss = attempt.first_loss
        others = [other.first_loss for other in self.attempts if other is not attempt and np.isfinite(other.first_loss)]
        best = min(others, default=loss)
        costly = attempt.fit_seconds > COSTLY * float(np.median([a.fit_seconds for a in self.attempts if a.fitted]))
        needed = NOT_FAR_BEHIND_IF_COSTLY if costly else NOT_FAR_BEHIND
        gained = self._trivial_loss - loss >= needed * (self._trivial_loss - best)
        if gained and (attempt.number <= self._n_first or loss <= float(np.median(others))):
            attempt.promising = True
            return
        here, there = self._validation.as_loss(loss), self._validation.as_loss(best)
        name = self._validation.scorer.name
        reason = f"stopped after 1 of {self._n_folds} folds: {name} {here:.4g} there, the best {there:.4g}"
        self._end(attempt, "killed", reason)

    def _end(self, attempt: Attempt, status: TrialStatus, reason: str) -> None:
        attempt.status, attempt.reason = status, reason
        attempt.waiting.clear()
        self.proposals.tell(attempt, self._expected_loss(attempt))
        self._emit(TrialFinished(trial=attempt.to_trial()))

    def _expected_loss(self, attempt: Attempt) -> float:
        """Its loss; of one that was stopped after the first fold, the best's loss and how far it was behind there."""
        best = min((a for a in self.attempts if a.done), key=lambda a: a.loss, default=attempt)
        if attempt.status == "killed" and np.isfinite(attempt.first_loss) and best is not attempt:
            return best.loss + attempt.first_loss - best.first_loss
        return attempt.loss

    # keeping time

    def _left(self) -> float:
        """Seconds that the search may still use."""
        return self._budget.left_seconds - self._reserved_seconds

    def _complete(self) -> bool:
        return any(attempt.done for attempt in self.attempts)

    def _perfect(self) -> bool:
        perfect = self._validation.as_loss(self._validation.scorer.perfect)
        return any(attempt.loss <= perfect + PERFECT_WITHIN for attempt in self.attempts if attempt.done)

    def _progress(self) -> Progress:
        best = min((attempt.loss for attempt in self.attempts if attempt.done), default=None)
        return Progress(
            phase="search",
            elapsed_seconds=self._budget.elapsed_seconds,
            left_seconds=max(0.0, self._budget.left_seconds),
            best=None if best is None else self._validation.as_loss(best),
        )

    def _why_none(self) -> str:
        reasons = "; ".join(f"{a.candidate.learner}: {a.reason}" for a in self.attempts[:SHOWN_REASONS])
        return f"none of {len(self.attempts)} trials succeeded in {self._budget.seconds:g} s: {reasons or 'none began'}"
