"""A model made elsewhere becomes a scoring pipeline: import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from scoreline.cli.command import argument, command, option
from scoreline.cli.result import RESULT, Output, Promote, Register
from scoreline.cli.session import Session

PANEL = "Scoring pipelines"
MODEL = "What the model does not say"
TRUST = "What is trusted"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "import",
        "scoreline import model.onnx --sample rows.csv",
        "scoreline import model.txt --sample credit.csv --target risk --labels no,yes",
        "scoreline import mlruns/models/m-1/artifacts --name churn --json",
        panel=PANEL,
        in_space=True,
    )(import_model)


def import_model(
    session: Session,
    file: Annotated[
        Path, argument("FILE", "ONNX, LightGBM text, XGBoost JSON or UBJSON, skops, an MLflow folder; zip, tar.gz.")
    ],
    sample: Annotated[
        str | None, option("--sample -s", "ROWS", "Rows as the model scores them: CSV, Parquet, JSON Lines.")
    ] = None,
    target: Annotated[str | None, option("--target -t", "COL", "What it predicts; may be in ROWS.", MODEL)] = None,
    labels: Annotated[
        list[str] | None, option("--labels", "LABEL,…", "Its classes, in the order of its probabilities.", MODEL)
    ] = None,
    task: Annotated[
        Literal["binary", "multiclass", "regression"] | None,
        option("--task", "TASK", "binary, multiclass or regression.", MODEL),
    ] = None,
    columns: Annotated[
        list[str] | None, option("--columns", "COL,…", "Its columns, in its own order, as ROWS calls them.", MODEL)
    ] = None,
    types: Annotated[
        list[str] | None, option("--type", "COL=TYPE", "number, boolean, datetime, category, text.", MODEL)
    ] = None,
    trusted: Annotated[
        list[str] | None, option("--trust-type", "TYPE,…", "Types in a skops file that you trust.", TRUST)
    ] = None,
    trust: Annotated[
        bool, option("--trust", None, "Run the code in a pickle, confined; wants SCORELINE_ALLOW_PICKLE=on.", TRUST)
    ] = False,
    name: Annotated[
        str | None, option("--name", "NAME", "Of the scoring pipeline and its model; else the file's.", RESULT)
    ] = None,
    output: Output = None,
    register: Register = True,
    promote: Promote = None,
) -> None:
    """Make a scoring pipeline of a model that another library trained.

    The model is opened in a process with limits, written as one graph, and proved: the graph must score the sample,
    and rows made to be difficult, as the model's own library does.
    """
    from scoreline.app import importing as use_cases
    from scoreline.cli import report, values
    from scoreline.cli.outcome import check_output
    from scoreline.cli.outcome import labels as aliases_of

    if output is not None:
        check_output(output)
    with session.busy(f"importing {file}"):
        done = use_cases.import_model(
            session.app,
            file,
            sample=sample,
            name=name,
            target=target,
            labels=values.names(labels or ()),
            task=task,
            columns=values.names(columns or ()),
            types=values.types(types or ()),
            trusted=values.names(trusted or ()),
            trust_pickle=trust,
            output=output,
            register=register,
            promote=promote,
        )
    if done.version is not None:
        session.audited("model.register", f"{done.version.model}@{done.version.number}")
    if session.as_json:
        session.document(done.to_json())
        return
    session.say(f"{done.format}: {file.name}")
    report.proof(session, done.manifest)
    if done.notes:
        session.section("Notes", *done.notes)
    report.artifact(
        session, done.manifest, done.path, done.path.stat().st_size, done.version, aliases_of(session, done.version)
    )
    session.next(f"deploy {done.version.model}" if done.version else f"register {done.path}")
