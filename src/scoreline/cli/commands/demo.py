"""The first command a person types: demo."""

from __future__ import annotations

import json
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from scoreline.cli.command import command, option
from scoreline.cli.render import wording
from scoreline.cli.render.theme import indented, mark
from scoreline.cli.session import Session

if TYPE_CHECKING:
    from scoreline.app.demo import Demo
    from scoreline.cli.requests import Answer

PANEL = "Start here"
DEFAULT_PORT = 9090
"""Known to `web.server` too; this module must not import it for ``--help``."""


def add_to(app: typer.Typer) -> None:
    """Add the demo."""
    command(app, "demo", "scoreline demo", "scoreline demo --exit --time 15", panel=PANEL)(demo)


def demo(
    session: Session,
    time: Annotated[str, option("--time", "SECONDS", "How long the training may take.", default=True)] = "30",
    port: Annotated[
        int, option("--port", "PORT", "Where to listen; the next free port when it is taken.", default=True)
    ] = DEFAULT_PORT,
    leave: Annotated[bool, option("--exit", None, "End after the answer instead of staying up.")] = False,
    workers: Annotated[int | None, option("--workers", "N", "Trials at a time; else one for each core.")] = None,
) -> None:
    """Train on a real table, prove, register, deploy and answer over HTTP.

    The table: 1,000 loan applications, and who repaid. State lives in the folder demo inside the home; a second demo
    makes the next version, and its key anew, which may score and nothing else. Ctrl-C or SIGTERM stops the server and
    ends with status 0.
    """
    from scoreline.app import demo as use_cases
    from scoreline.cli import values
    from scoreline.cli.live import ExperimentView
    from scoreline.cli.outcome import document, tell
    from scoreline.cli.render.theme import banner
    from scoreline.web.app import create_app
    from scoreline.web.gate import KeyGate
    from scoreline.web.server import background, bind, url_of

    seconds = values.duration(time)
    session.app = use_cases.open_demo(session.home)
    session.say(banner("Scoreline", "a table becomes a live score: trained, proved, deployed, answered"))
    with ExperimentView(session, use_cases.TARGET) as view:
        made = use_cases.demo(session.app, seconds=seconds, n_workers=workers, on_event=view.on_event)
    path = made.outcome.result.path
    tell(session, made.outcome, path)
    listening = bind("127.0.0.1", values.port_number(str(port)), next_free=True)
    taken = port if url_of(listening) != f"http://127.0.0.1:{port}" and port else None
    gate = KeyGate(session.app.security)
    with (
        background(create_app(session.app.registry, gate=gate, control=session.app), listening) as url,
        _stop_signal() as stop,
    ):
        exchange = _answer(session, made, url, taken)
        if session.as_json:
            session.document({**document(made.outcome, path), "deployment": made.deployment, **exchange})
        if not leave:
            _suggest(session, made)
            stop.wait()
    if not leave:
        session.note("stopped")


def _answer(session: Session, made: Demo, url: str, taken: int | None) -> dict[str, Any]:
    from scoreline.cli.requests import KEY_HEADER, N_TIMES, curl, row_text, send

    deployment, key = made.deployment, made.key
    endpoint, h2o = f"{url}/api/v1/deployments/{deployment.name}", f"{url}/model"
    where = Text.assemble(
        mark("passed"), f" {deployment.name}, version {deployment.version}, answers at ", (url, "best")
    )
    session.section("Live", where)
    if taken is not None:
        session.say(indented(Text(f"! port {taken} is taken; this is the next free one", "alerted")))
    row = json.loads(send(f"{endpoint}/sample", key=key).body)["rows"][0]
    request = row_text(row, session.width)
    answer = send(f"{endpoint}/score", request, key=key, n_times=N_TIMES)
    _exchange(session, "Score an applicant:", curl(f"{endpoint}/score", key, request), answer)
    sample = send(f"{h2o}/sample_request", key=key).body
    command = f"{curl(f'{h2o}/sample_request', key)} |\n  {curl(f'{h2o}/score', key, '@-')}"
    dialect = send(f"{h2o}/score", sample, key=key, n_times=N_TIMES)
    _exchange(session, "The same in the dialect of H2O:", command, dialect)
    sent = {"url": f"{endpoint}/score", "headers": {KEY_HEADER: key}, "body": row}
    return {"url": url, "request": sent, "answer": json.loads(answer.body)}


def _exchange(session: Session, what: str, command: str, answer: Answer) -> None:
    session.say("", Text(what, "quiet"))
    session.literal(command, style="command")
    session.say(Text(f"which answers, in {wording.seconds(answer.seconds)}:", "quiet"))
    session.literal(wording.folded(answer.body, session.width), style="bar")


def _suggest(session: Session, made: Demo) -> None:
    model, program = made.deployment.model, session.program
    home = wording.path(session.app.settings.home)
    rows = [
        (f"export SCORELINE_HOME={shlex.quote(home) if ' ' in home else home}", "in another terminal, first"),
        (f"{program} inspect {model}", "what is in the file"),
        (f"{program} versions {model}", "each demo makes one"),
    ]
    if made.deployment.version > 1:
        rows.append((f"{program} rollback {model}", "the server follows"))
    rows.append((f"{program} experiment DATA.csv --target COLUMN", "with a table of yours"))
    session.section("Next")
    session.commands(rows)
    session.say("", Text("The key may score this deployment; a demo makes it anew. Ctrl-C stops the server.", "quiet"))


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """Turn Ctrl-C and SIGTERM into an event: a server that stops as it was asked to has not failed."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
