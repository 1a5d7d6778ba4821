"""An experiment: a dataset in, a proved scoring pipeline out, within its time."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import msgspec

from scoreline.automl import describe, final
from scoreline.automl.artifact import describe_artifact
from scoreline.automl.budget import Budget
from scoreline.automl.events import Event, Finalising, Finished, Planned, Progress
from scoreline.automl.handover import Handover
from scoreline.automl.leaderboard import leaderboard
from scoreline.automl.machine import available_cores
from scoreline.automl.plan import Plan
from scoreline.automl.pool import Pool
from scoreline.automl.prepare import prepare
from scoreline.automl.result import ExperimentResult
from scoreline.automl.search import Search
from scoreline.automl.settings import ExperimentSettings
from scoreline.core.manifest import Manifest
from scoreline.data import Dataset
from scoreline.scoring.archive import GRAPH, SAMPLE, write_archive
from scoreline.scoring.graph import Graph
from scoreline.scoring.pipeline import ScoringPipeline, load
from scoreline.scoring.sample import read_sample


def run_experiment(
    dataset: Dataset,
    settings: ExperimentSettings,
    *,
    test: Dataset | None = None,
    output: Path,
    identity: str = "",
    on_event: Callable[[Event], None] = lambda event: None,
) -> ExperimentResult:
    """Search for the best scoring pipeline for ``dataset`` and write it to the file ``output``.

    Rows of ``test`` are scored at the end; without it some are set apart, as ``settings.split`` says. ``identity`` is
    what the lineage calls the experiment, by default its name. Worker processes are gone when this returns or raises,
    also after Ctrl-C.

    Raises:
        BadData, BadSetting: the table or a setting will not do.
        ExperimentFailed: no trial succeeded.
        ParityFailed: the graph does not score as what was fitted.
    """
    budget = Budget(settings.time_seconds)
    with warnings.catch_warnings(), Pool(settings.workers) as pool:
        warnings.simplefilter("ignore")  # libraries think aloud; what matters is an error or a guardrail
        return _run(dataset, settings, test, output, identity, budget, pool, on_event)


def _run(
    dataset: Dataset,
    settings: ExperimentSettings,
    test: Dataset | None,
    output: Path,
    identity: str,
    budget: Budget,
    pool: Pool,
    emit: Callable[[Event], None],
) -> ExperimentResult:
    prepared = prepare(dataset, settings, test, emit)
    plan = prepared.plan
    pool.open(plan.problem, Handover(plan.rows, plan.y, list(plan.folds.pairs)))
    emit(_planned(plan, budget))
    search = Search(plan, pool, budget, max_trials=settings.max_trials, emit=emit)
    attempts = search.run()
    plan = search.plan
    prepared = prepared._replace(plan=plan)

    emit(Finalising(step="choose the ensemble"))
    choice = final.choose(attempts, plan, budget)
    best = plan.validation.score(choice.predicted)

    def tick() -> None:
        emit(
            Progress(phase="final", elapsed_seconds=budget.elapsed_seconds, left_seconds=budget.left_seconds, best=best)
        )

    emit(Finalising(step=f"fit {_members(len(choice.members))} on all {len(plan.y):,} training rows"))
    members = final.refit(choice, plan, pool, budget, tick=tick)
    emit(Finalising(step="write the graph"))
    graph = final.build(members, pool, tick=tick)
    emit(Finalising(step="prove that the graph scores as what was fitted"))
    # a worker proves, while this process describes
    effort = final.effort(choice, plan, budget, 0 if prepared.test is None else len(prepared.test.y))
    final.begin_proof(members, graph, plan, pool, effort.boundary_rows, tick=tick)
    trials = leaderboard(choice, attempts, plan.validation)
    described = describe_artifact(
        prepared,
        settings,
        identity or settings.name or dataset.name,
        choice,
        trials,
        graph,
        threads=max(1, available_cores() - 1),
        importance_rows=effort.importance_rows,
    )
    parity = final.end_proof(pool, tick=tick)
    pool.close()  # nothing else may run while the latency is measured

    emit(Finalising(step="write the scoring pipeline, and load it again"))
    manifest = Manifest(parity=parity, **described.manifest)
    pipeline = ScoringPipeline(manifest, Graph(described.members[GRAPH]), read_sample(described.members[SAMPLE]))
    latency = describe.measure_latency(pipeline, described.records)
    manifest = write_archive(output, msgspec.structs.replace(manifest, latency=latency), described.members)
    load(output)
    result = ExperimentResult(
        manifest=manifest,
        path=output,
        trials=trials,
        guardrails=prepared.guardrails,
        validation=plan.folds.sentence,
        elapsed_seconds=round(budget.elapsed_seconds, 3),
    )
    emit(_finished(result))
    return result


def _planned(plan: Plan, budget: Budget) -> Planned:
    return Planned(
        validation=plan.folds.sentence,
        scorer=plan.problem.scorer,
        greater_is_better=plan.validation.scorer.greater_is_better,
        n_workers=plan.n_workers,
        budget_seconds=budget.seconds,
    )


def _finished(result: ExperimentResult) -> Finished:
    scores = result.manifest.scores
    return Finished(
        path=str(result.path),
        id=result.manifest.id,
        scorer=scores.scorer,
        validation=scores.validation[scores.scorer],
        validation_sd=scores.validation_sd[scores.scorer],
        test=scores.test.get(scores.scorer),
        elapsed_seconds=result.elapsed_seconds,
    )


def _members(n: int) -> str:
    return "the best trial" if n == 1 else f"the {n} trials of the ensemble"
