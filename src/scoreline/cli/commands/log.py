"""What was answered: log."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import typer

from scoreline.cli.command import argument, command, option
from scoreline.cli.session import Session
from scoreline.core.errors import BadSetting

PANEL = "Serving"
DEFAULT_LIMIT = 20


def add_to(app: typer.Typer) -> None:
    """Add the command that reads the prediction log."""
    command(
        app,
        "log",
        "scoreline log credit-risk --since 1h",
        "scoreline log credit-risk --where 'age > 30' --where purpose=radio -n 100",
        "scoreline log credit-risk --since 2026-11-01 -o november.parquet",
        "scoreline log credit-risk --follow",
        "scoreline log credit-risk --stats",
        panel=PANEL,
        in_space=True,
    )(log)


def log(
    session: Session,
    deployment: Annotated[
        str | None, argument("[DEPLOYMENT]", "A deployment's name, also of one that is gone; else all are listed.")
    ] = None,
    since: Annotated[
        str | None, option("--since", "WHEN", "From then on: 10m, 1h, 2d ago; today; 2026-11-20; 2026-11-20T10:30.")
    ] = None,
    until: Annotated[str | None, option("--until", "WHEN", "Before then.")] = None,
    version: Annotated[int | None, option("--version", "N", "What this version answered.")] = None,
    request_id: Annotated[str | None, option("--request-id", "ID", "What this request was answered.")] = None,
    where: Annotated[
        list[str] | None,
        option("--where", "CONDITION", "COLUMN=VALUE, 'age > 30', or an expression of SQL; repeatable, all must hold."),
    ] = None,
    shadow: Annotated[bool, option("--shadow", None, "Also what shadow versions scored.")] = False,
    limit: Annotated[
        int | None, option("--limit -n", "N", f"The last N records; else the last {DEFAULT_LIMIT}, or all into a file.")
    ] = None,
    follow: Annotated[bool, option("--follow -f", None, "Go on with new records as they are written.")] = False,
    output: Annotated[
        str | None, option("--output -o", "OUT", "A file for the records, by its suffix; - is stdout, as CSV.")
    ] = None,
    stats: Annotated[bool, option("--stats", None, "Count instead: by version, what was lost, size.")] = False,
    compact: Annotated[
        bool, option("--compact", None, "Make tables of complete segments now; a server does it all the time.")
    ] = False,
) -> None:
    """Read the prediction log: what was asked, what was answered, when and by which version.

    Records are there at once, the newest last. With --follow, --json writes a document for each record, one a line.
    """
    from scoreline.app import prediction_log as use_cases
    from scoreline.cli.moments import moment

    if compact:
        _compact(session)
        if deployment is None:
            return
    if deployment is None:
        _list(session)
        return
    wanted = use_cases.Wanted(
        deployment,
        None if since is None else moment("--since", since),
        None if until is None else moment("--until", until),
        version,
        request_id,
        tuple(where or ()),
        shadow,
    )
    if limit is not None and limit < 1:
        raise BadSetting(f"--limit is {limit}: expected at least 1", hint=f"--limit {DEFAULT_LIMIT}")
    if sum((follow, stats, output is not None)) > 1:
        raise BadSetting("--follow, --stats and --output do different things", hint="choose one of them")
    if stats:
        _count(session, wanted)
    elif output is not None:
        _export(session, wanted, output, limit)
    elif follow:
        _follow(session, wanted, limit or DEFAULT_LIMIT)
    else:
        _show(session, wanted, limit or DEFAULT_LIMIT)


def _show(session: Session, wanted: Any, limit: int) -> None:
    from scoreline.app import prediction_log as use_cases
    from scoreline.cli.render import prediction_log as render

    found = use_cases.newest(session.app, wanted, limit).rows(named=True)
    if session.as_json:
        session.document({"deployment": wanted.deployment, "records": found})
    elif not found:
        session.note(f"no record of {wanted.deployment} is like that")
    elif wanted.request_id is not None and len(found) == 1:
        session.say(render.record(found[0]))
    else:
        session.literal(render.HEADING, "quiet")
        _lines(session, found)


def _follow(session: Session, wanted: Any, limit: int) -> None:
    import msgspec

    from scoreline.app import prediction_log as use_cases
    from scoreline.cli.render import prediction_log as render

    stop = threading.Event()
    if not session.as_json:
        session.literal(render.HEADING, "quiet")
    try:
        for frame in use_cases.follow(session.app, wanted, limit, stop):
            if session.as_json:
                for record in frame.iter_rows(named=True):
                    print(msgspec.json.encode(record).decode(), flush=True)
            else:
                _lines(session, frame.rows(named=True))
    except KeyboardInterrupt:  # how one stops following
        stop.set()


def _export(session: Session, wanted: Any, output: str, limit: int | None) -> None:
    from scoreline.app import prediction_log as use_cases
    from scoreline.cli.render import wording

    if session.as_json and output == "-":
        raise BadSetting("--json takes stdout, so the records need a file", hint="add -o records.csv")
    with session.busy(f"reading the log of {wanted.deployment}"):
        n_rows = use_cases.export(session.app, wanted, output, limit)
    session.note(f"{wording.count(n_rows, 'record')}{'' if output == '-' else f' into {output}'}")
    if session.as_json:
        session.document({"deployment": wanted.deployment, "output": output, "n_records": n_rows})


def _count(session: Session, wanted: Any) -> None:
    from scoreline.app import prediction_log as use_cases
    from scoreline.cli.render import prediction_log as render

    found = use_cases.statistics(session.app, wanted)
    if session.as_json:
        session.document(found)
        return
    if found.versions:
        session.say(render.versions(found))
    else:
        session.note(f"{found.deployment} has no record")
    session.say(render.totals(found))


def _list(session: Session) -> None:
    from scoreline.app import prediction_log as use_cases
    from scoreline.cli.render import prediction_log as render

    found = use_cases.overview(session.app)
    if session.as_json:
        session.document({"logs": found})
    elif found:
        session.say(render.overviews(found))
    else:
        session.nothing("no prediction was logged yet", "scoreline serve")


def _compact(session: Session) -> None:
    from scoreline.app import prediction_log as use_cases
    from scoreline.cli.render import wording

    with session.busy("making tables of segments"):
        done = use_cases.compact(session.app)
    if session.as_json:
        session.document(done)
        return
    merged = f", {wording.count(done.n_merged, 'merged table')}" if done.n_merged else ""
    session.done(
        f"{wording.count(done.n_segments, 'segment')} became {wording.count(done.n_tables, 'table')}{merged};"
        f" {wording.count(done.n_live, 'segment')} still written to"
    )
    if done.n_waiting:
        session.note(f"{wording.count(done.n_waiting, 'segment')} could not be compacted; the log says why")


def _lines(session: Session, found: Any) -> None:
    from scoreline.cli.render import prediction_log as render

    width = session.report.width if session.report.is_terminal else None
    for line in render.records(found, width):
        session.report.print(line, soft_wrap=True)
    session.report.file.flush()
