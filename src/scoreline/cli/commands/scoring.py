"""Rows in, scores out, and a look into what scores them: score, inspect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scoreline.cli.command import argument, command, option
from scoreline.cli.session import Session
from scoreline.core.errors import BadSetting

if TYPE_CHECKING:
    from scoreline.app.scoring import Scored

PANEL = "Scoring pipelines"
ENOUGH_ROWS = 1000
"""With fewer, rows a second tell how long loading took and nothing else."""

Source = Annotated[str, argument("FILE.scoreline|DEPLOYMENT", "A file, a deployment, or MODEL@VERSION.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of scoring pipelines."""
    command(
        app,
        "score",
        "scoreline score credit.scoreline rows.csv -o scores.csv",
        "scoreline score credit-risk rows.parquet -o scores.parquet --include id",
        "cat rows.jsonl | scoreline score credit-risk - | head",
        panel=PANEL,
        in_space=True,
    )(score)
    command(
        app,
        "inspect",
        "scoreline inspect credit.scoreline",
        "scoreline inspect credit-risk@2 --json",
        panel=PANEL,
        in_space=True,
    )(inspect)


def score(
    session: Session,
    source: Source,
    rows: Annotated[str, argument("ROWS", "CSV, TSV, Parquet, JSON Lines; - is stdin.")],
    output: Annotated[str, option("--output -o", "OUT", "Where scores go, by its suffix; - is stdout, as CSV.")] = "-",
    include: Annotated[
        list[str] | None, option("--include", "COL", "A column of ROWS to copy beside its scores; repeatable.")
    ] = None,
) -> None:
    """Score a file of rows; no server is needed.

    The output has the included columns, then the predictions. It appears only when it is whole.
    """
    from scoreline.app import scoring as use_cases
    from scoreline.cli.render import wording
    from scoreline.cli.values import names

    if session.as_json and output == "-":
        raise BadSetting("--json takes stdout, so the scores need a file", hint="add -o scores.csv")
    with session.busy(f"scoring {rows}") as told:
        done = use_cases.score(
            session.app,
            source,
            rows,
            output,
            include=names(include or ()),
            on_progress=lambda at: told(
                f"{wording.count(at.n_rows, 'row')} scored, {at.n_rows / max(at.elapsed_seconds, 1e-9):,.0f} a second"
            ),
            on_alert=session.note,
        )
    _tell(session, done, tuple(name for name in done.ignored if name not in names(include or ())))


def _tell(session: Session, done: Scored, unknown: tuple[str, ...]) -> None:
    from scoreline.cli.render import wording

    rows_per_second = done.n_rows / max(done.elapsed_seconds, 1e-9)
    where = "" if done.output == "-" else f" into {done.output}"
    speed = f", {rows_per_second:,.0f} rows a second" if done.n_rows >= ENOUGH_ROWS else ""
    session.note(f"{wording.count(done.n_rows, 'row')} scored{where} in {wording.seconds(done.elapsed_seconds)}{speed}")
    if done.absent:
        session.note(f"absent, scored as missing: {', '.join(done.absent)}")
    if unknown:
        session.note(f"not known to the scoring pipeline, ignored: {', '.join(unknown)}")
    if session.as_json:
        session.document({**done._asdict(), "rows_per_second": round(rows_per_second, 1)})


def inspect(session: Session, source: Source) -> None:
    """Look into a scoring pipeline: schema, scores, importance, parity, size, latency, lineage."""
    from scoreline.app import inspect as use_cases
    from scoreline.cli.report import inspection

    found = use_cases.inspect(session.app, source)
    if session.as_json:
        session.document(found.to_json())
    else:
        inspection(session, found)
