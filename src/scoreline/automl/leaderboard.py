"""The leaderboard: every trial, and the ensemble, the best first."""

from __future__ import annotations

from collections.abc import Sequence

from scoreline.automl.attempt import Attempt
from scoreline.automl.events import Trial
from scoreline.automl.final import Choice
from scoreline.automl.validation import Validation


def leaderboard(choice: Choice, attempts: Sequence[Attempt], validation: Validation) -> list[Trial]:
    """Put what the scoring pipeline is made of first, then what is done by score, then what was stopped or failed.

    The choice stands first even where a trial has a slightly better score: the difference is chance, or the trial could
    not be fitted on all rows in time.
    """
    weights = {attempt.number: weight for weight, attempt in choice.members}
    trials = [attempt.to_trial(weights.get(attempt.number, 0.0)) for attempt in attempts]
    if len(choice.members) > 1:
        trials.append(_ensemble(choice, len(attempts) + 1, validation))
    chosen = trials[-1].number if len(choice.members) > 1 else choice.members[0][1].number
    order = {"done": 0, "killed": 1, "failed": 2}

    def rank(trial: Trial) -> tuple[bool, int, float, int]:
        loss = float("inf") if trial.score is None else validation.as_loss(trial.score)
        return trial.number != chosen, order[trial.status], loss, trial.number

    return sorted(trials, key=rank)


def _ensemble(choice: Choice, number: int, validation: Validation) -> Trial:
    names = [f"{attempt.candidate.learner} ({attempt.number})" for _, attempt in choice.members]
    return Trial(
        number=number,
        learner="ensemble",
        features="",
        params={"members": names, "weights": [round(weight, 4) for weight, _ in choice.members]},
        status="done",
        score=validation.score(choice.predicted),
        sd=validation.sd(choice.predicted),
        seconds=round(sum(attempt.seconds for _, attempt in choice.members), 3),
        weight=1.0,
        scores=validation.all_scores(choice.predicted),
    )
