"""What to try next: the learners' own first parameters, then Optuna's, for the learners that do well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.automl.attempt import Attempt
from scoreline.automl.candidate import Candidate, portfolio, suggest
from scoreline.automl.learners import LEARNERS
from scoreline.automl.problem import Problem

N_RANDOM = 6
"""Attempts of a learner before Optuna models them."""
TRIALS_A_DIMENSION = 6
"""A space of one parameter is soon searched."""
BEHIND = 0.1
"""A learner whose best attempt lost this share of what the best of all gained over a constant is not tried further."""
TURNS = (4, 2, 1, 1)
"""How often the best, second best … learner comes next."""


class Proposals:
    """Candidates one after another. Told how each did, it prefers the learners, and the parameters, that do well."""

    def __init__(
        self, problem: Problem, y: npt.NDArray[Any], *, seed: int, learners: list[str] | None, trivial_loss: float
    ) -> None:
        self._trivial_loss = trivial_loss
        self._problem, self._y, self._seed = problem, y, seed
        self.first = portfolio(problem, y, seed, learners)
        """The portfolio's candidates that are still to come."""
        self._learners = [
            learner.name
            for learner in LEARNERS
            if problem.task in learner.tasks and (learners is None or learner.name in learners)
        ]
        self._best: dict[str, float] = {}
        self._studies: dict[str, Any] = {}
        self._asked: dict[int, tuple[str, Any]] = {}
        self._n_asked = dict.fromkeys(self._learners, 0)
        self._n_dimensions: dict[str, int] = {}
        self._seen: set[str] = set()
        self._random = np.random.default_rng(seed)

    def next(self, number: int, affordable: Callable[[Candidate], bool]) -> Candidate | None:
        """Choose the candidate of attempt ``number``; None when nothing affordable is left to try."""
        for k, candidate in enumerate(self.first):
            if affordable(candidate):
                return self._once(self.first.pop(k))
        return self._from_optuna(number, affordable)

    def tell(self, attempt: Attempt, loss: float) -> None:
        """Report an attempt's loss; infinite when it failed."""
        learner = attempt.candidate.learner
        self._best[learner] = min(self._best.get(learner, float("inf")), loss)
        if attempt.number in self._asked:
            import optuna

            study, asked = self._asked.pop(attempt.number)
            if np.isfinite(loss):
                self._studies[study].tell(asked, loss)
            else:
                self._studies[study].tell(asked, state=optuna.trial.TrialState.FAIL)

    def _from_optuna(self, number: int, affordable: Callable[[Candidate], bool]) -> Candidate | None:
        open_to = [learner for learner in self._ranked() if not self._exhausted(learner)]
        while open_to:
            turns = np.array([TURNS[min(rank, len(TURNS) - 1)] for rank in range(len(open_to))], dtype=float)
            learner = open_to[int(self._random.choice(len(open_to), p=turns / turns.sum()))]
            study = self._study(learner)
            asked = study.ask()
            candidate = suggest(asked, learner, self._problem, self._y, self._seed)
            self._n_asked[learner] += 1
            self._n_dimensions[learner] = len(asked.params)
            if affordable(candidate) and (fresh := self._once(candidate)):
                self._asked[number] = (learner, asked)
                return fresh
            open_to.remove(learner)
        return None

    def _ranked(self) -> list[str]:
        known = {name: loss for name, loss in self._best.items() if np.isfinite(loss)}
        limit = min(known.values(), default=0.0)
        limit += BEHIND * max(0.0, self._trivial_loss - limit)
        return sorted((name for name in known if known[name] <= limit), key=lambda name: known[name])

    def _exhausted(self, learner: str) -> bool:
        dimensions = self._n_dimensions.get(learner)
        return dimensions is not None and self._n_asked[learner] >= TRIALS_A_DIMENSION * dimensions**2

    def _once(self, candidate: Candidate) -> Candidate | None:
        key = repr(candidate)
        if key in self._seen:
            return None
        self._seen.add(key)
        return candidate

    def _study(self, learner: str) -> Any:
        import optuna  # takes a second to import, by which time the workers are busy

        if learner not in self._studies:
            optuna.logging.set_verbosity(optuna.logging.ERROR)
            seed = self._seed + self._learners.index(learner)
            sampler = optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=N_RANDOM, multivariate=True, constant_liar=True
            )
            self._studies[learner] = optuna.create_study(sampler=sampler)
        return self._studies[learner]
