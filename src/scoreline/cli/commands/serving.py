"""Answer over HTTP: serve."""

from __future__ import annotations

from typing import Annotated

import typer

from scoreline.cli.command import command, option
from scoreline.cli.session import Session

PANEL = "Serving"
DEFAULT_PORT = "9090"
AUTO = "auto"


def add_to(app: typer.Typer) -> None:
    """Add the command that serves."""
    command(
        app,
        "serve",
        "scoreline serve",
        "scoreline serve --host 0.0.0.0 --port 8000",
        "scoreline serve --port auto --json",
        panel=PANEL,
    )(serve)


def serve(
    session: Session,
    host: Annotated[
        str, option("--host", "ADDRESS", "Where to listen; 0.0.0.0 is everywhere.", default=True)
    ] = "127.0.0.1",
    port: Annotated[
        str, option("--port", "PORT", "A port, or auto: 9090, or the next one that is free.", default=True)
    ] = DEFAULT_PORT,
) -> None:
    """Answer every deployment over HTTP, until Ctrl-C.

    It follows deploy, promote and rollback without a restart. Ctrl-C and SIGTERM finish what is in flight and end with
    status 0. With --json the one document, printed when it answers, holds the URL.
    """
    from scoreline.app import deployments as use_cases
    from scoreline.cli.values import port_number
    from scoreline.web.app import create_app
    from scoreline.web.logs import log_to_stderr
    from scoreline.web.server import bind, run, url_of

    listening = bind(host, port_number(DEFAULT_PORT if port == AUTO else port), next_free=port == AUTO)
    names = [deployment.name for deployment in use_cases.deployments(session.app)]
    log_to_stderr()

    def ready(url: str) -> None:
        if session.as_json:
            session.document({"url": url, "deployments": names})
            return
        session.done(f"answering at {url}")
        for name in names:
            session.literal(f"  {url}/api/v1/deployments/{name}/score")
        if not names:
            session.note("  nothing is deployed yet; in another terminal: scoreline deploy MODEL")
        session.note("  Ctrl-C stops it")

    if port == AUTO and url_of(listening).rpartition(":")[2] != DEFAULT_PORT:
        session.note(f"port {DEFAULT_PORT} is taken; this is the next free one")
    web = create_app(session.app.registry, fast_lane=session.app.settings.fast_lane)
    run(web, listening, ready=ready)
