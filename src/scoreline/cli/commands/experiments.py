"""A table becomes a scoring pipeline: experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from scoreline.cli.command import argument, command, option
from scoreline.cli.result import RESULT, Output, Promote, Register
from scoreline.cli.session import Session

PANEL = "Scoring pipelines"
LEARNING = "What is learned"
SEARCH = "How it is searched for"


def add_to(app: typer.Typer) -> None:
    """Add the commands of experiments."""
    command(
        app,
        "experiment",
        "scoreline experiment credit.csv --target creditability",
        "scoreline experiment sales.parquet --target price --scorer mae --time 5m",
        "scoreline experiment visits.csv --target churned --drop id,note --json",
        panel=PANEL,
        in_space=True,
    )(experiment)


def experiment(
    session: Session,
    data: Annotated[Path, argument("DATA", "CSV, TSV, Parquet, JSON Lines (.gz too), or a folder.")],
    target: Annotated[str, option("--target -t", "COL", "The column to predict.", LEARNING)],
    drop: Annotated[list[str] | None, option("--drop", "COL,…", "Columns to leave out; repeatable.", LEARNING)] = None,
    types: Annotated[
        list[str] | None,
        option(
            "--type", "COL=TYPE", "A type instead of the inferred: number, boolean, datetime, category, text.", LEARNING
        ),
    ] = None,
    require: Annotated[
        list[str] | None, option("--require", "COL,…", "Columns that every row to score must have.", LEARNING)
    ] = None,
    positive: Annotated[str | None, option("--positive", "LABEL", "The class that counts, of two.", LEARNING)] = None,
    test: Annotated[Path | None, option("--test", "FILE", "Rows to test on; else some are set apart.", SEARCH)] = None,
    split: Annotated[
        Literal["random", "stratified", "time", "group", "none"] | None,
        option("--split", "KIND", "How test rows are set apart: random, stratified, time, group, none.", SEARCH),
    ] = None,
    split_column: Annotated[
        str | None, option("--split-column", "COL", "The time, or the group, to split by.", SEARCH)
    ] = None,
    scorer: Annotated[
        str | None, option("--scorer", "NAME", "What to be best at: auc, mcc, mae …; else log_loss, or rmse.", SEARCH)
    ] = None,
    time: Annotated[
        str, option("--time", "SECONDS", "How long it may take in all; also 10m, 1h.", SEARCH, default=True)
    ] = "60",
    trials: Annotated[int | None, option("--trials", "N", "At most so many trials.", SEARCH)] = None,
    learner: Annotated[
        list[str] | None, option("--learner", "NAME,…", "Learners to try; else all. Repeatable.", SEARCH)
    ] = None,
    workers: Annotated[
        int | None, option("--workers", "N", "Trials at a time; else one for each core.", SEARCH)
    ] = None,
    seed: Annotated[
        int, option("--seed", "N", "Same seed, same data, same trial: same scores.", SEARCH, default=True)
    ] = 1234,
    name: Annotated[
        str | None, option("--name", "NAME", "Of the experiment and its model; else the table's.", RESULT)
    ] = None,
    output: Output = None,
    register: Register = True,
    promote: Promote = None,
) -> None:
    """Learn from a table: types, checks, trials, an ensemble, one proved file.

    Everything is kept under HOME/experiments. A trial that fails is a line of the leaderboard, not the end.
    """
    from scoreline.app import experiments as use_cases
    from scoreline.automl.settings import ExperimentSettings
    from scoreline.cli import values
    from scoreline.cli.live import ExperimentView
    from scoreline.cli.outcome import carry, check_output, document, suggest, tell

    settings = ExperimentSettings(
        target=target,
        scorer=scorer,
        time_seconds=values.duration(time),
        seed=seed,
        drop=values.names(drop or ()),
        types=values.types(types or ()),
        required=values.names(require or ()),
        split=split,
        split_column=split_column,
        positive=positive,
        name=name,
        n_workers=workers,
        max_trials=trials,
        learners=values.names(learner) if learner else None,
    )
    if output is not None:
        check_output(output)
    with ExperimentView(session, target) as view:
        outcome = use_cases.experiment(
            session.app, data, settings, test=test, register=register, promote=promote, on_event=view.on_event
        )
    path = outcome.result.path if output is None else carry(outcome.result.path, output)
    tell(session, outcome, path)
    if outcome.version is not None:
        session.audited("model.register", f"{outcome.version.model}@{outcome.version.number}")
    suggest(session, outcome, path)
    if session.as_json:
        session.document(document(outcome, path))
