"""Answer over HTTP: serve."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scoreline.cli.command import command, option
from scoreline.cli.session import Session

if TYPE_CHECKING:
    from scoreline.web.workers import ASGIApp, Worker

PANEL = "Serving"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = "9090"
AUTO = "auto"


def add_to(app: typer.Typer) -> None:
    """Add the command that serves."""
    command(
        app,
        "serve",
        "scoreline serve",
        "scoreline serve --host 0.0.0.0 --port 8000 --workers auto",
        "scoreline serve --port auto --json",
        "scoreline serve --thrift-port 9091",
        panel=PANEL,
    )(serve)


def serve(
    session: Session,
    host: Annotated[
        str | None, option("--host", "ADDRESS", "Where to listen; 0.0.0.0 is everywhere. Else 127.0.0.1.")
    ] = None,
    port: Annotated[
        str | None,
        option("--port", "PORT", "A port, or auto: 9090, or the next that is free. Else the platform's, else 9090."),
    ] = None,
    workers: Annotated[
        str | None,
        option("--workers", "N", "Processes that answer, or auto: one for each core; else SCORELINE_WORKERS, else 1."),
    ] = None,
    grpc_port: Annotated[
        str | None,
        option("--grpc-port", "PORT", "Speak gRPC on this port, too, and nothing else there; HTTP's port speaks both."),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        option("--cors-origin", "SITE,…", "Sites whose scripts may ask; * is every site. Else SCORELINE_CORS_ORIGINS."),
    ] = None,
    data_folder: Annotated[
        Path | None,
        option("--data-folder", "DIR", "Its CSV files may be named in place of rows. Else SCORELINE_DATA_FOLDER."),
    ] = None,
    thrift_port: Annotated[
        str | None,
        option("--thrift-port", "PORT", "Speak Thrift on this port, too; scoreline thrift prints the IDL."),
    ] = None,
    open_to_all: Annotated[
        int,
        typer.Option(
            "--open",
            count=True,
            help="See and score without a key. Twice where other machines reach it.",
            show_default=False,
        ),
    ] = 0,
    tls_cert: Annotated[
        Path | None, option("--tls-cert", "FILE", "Speak HTTPS, too, with this certificate; scoreline cert makes one.")
    ] = None,
    tls_key: Annotated[Path | None, option("--tls-key", "FILE", "Its private key.")] = None,
    https_port: Annotated[
        str | None, option("--https-port", "PORT", "Where HTTPS is spoken; else 9443, or the next that is free.")
    ] = None,
    https_only: Annotated[
        bool, typer.Option("--https-only", help="Answer by HTTPS only; by HTTP, probes.", show_default=False)
    ] = False,
    trusted_proxies: Annotated[
        list[str] | None,
        option("--trusted-proxies", "ADDRESS,…", "Proxies whose X-Forwarded-* count. Else SCORELINE_TRUSTED_PROXIES."),
    ] = None,
) -> None:
    """Answer every deployment over HTTP, until Ctrl-C.

    A request needs a key: the first start makes one for the administrator and shows it, once. It follows deploy,
    promote and rollback without a restart. A worker that dies is replaced at once. Ctrl-C and SIGTERM finish what is in
    flight and end with status 0; a second Ctrl-C does not wait. With --json the one document, printed when all workers
    answer, holds the URL and, where it was made, the administrator's key.
    """
    # What must be in the environment before a library is loaded goes here: workers inherit it, and the libraries.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy would start threads that nothing here has work for

    with _no_garbage():
        from scoreline.app import deployments as use_cases
        from scoreline.app import prediction_log
        from scoreline.app.data_sets import DataFolder
        from scoreline.app.platform import Platform
        from scoreline.app.settings import open_app
        from scoreline.cli import beside, entrance, values
        from scoreline.core.access import PLATFORM
        from scoreline.web import workers as processes
        from scoreline.web.admission import limits_of
        from scoreline.web.app import create_app
        from scoreline.web.logs import log_to_stderr
        from scoreline.web.request_log import choose_requests
        from scoreline.web.seat import Seat, totals_folder
        from scoreline.web.server import bind, url_of

    settings, platform = session.app.settings, Platform.of()
    host, port = host or platform.host or DEFAULT_HOST, port or platform.port or DEFAULT_PORT
    cors_origins = values.origins(cors_origin) if cors_origin else settings.cors_origins
    files = DataFolder(data_folder or settings.data_folder)
    n_workers = values.n_workers(workers or settings.workers)
    listening = bind(host, values.port_number(DEFAULT_PORT if port == AUTO else port), next_free=port == AUTO)
    entrance.check_open(open_to_all, listening)
    opened = entrance.open_to(open_to_all, loads_models=platform.loads_models)
    secret = None if opened is PLATFORM else session.app.security.ensure_administrator()
    secure = entrance.open_secure(host, https_port, tls_cert, tls_key)
    arrivals = entrance.arrivals_of(
        values.proxies(trusted_proxies) if trusted_proxies else settings.trusted_proxies,
        secure,
        only_https=https_only or settings.https_only,
        has_plain=bool(grpc_port or thrift_port),
    )
    names = [deployment.name for deployment in use_cases.deployments(session.app)]
    session.app.close()  # no connection to a database may be open when this process forks
    log_to_stderr()
    choose_requests(settings.request_log)
    started_at = time.time()

    @contextmanager
    def application(worker: Worker) -> Iterator[ASGIApp]:
        seat = Seat(worker.slot, totals, started_at)
        with open_app(settings) as app, prediction_log.open_log(settings) as log:
            yield create_app(
                app.registry,
                limits=limits_of(settings),
                fast_lane=settings.fast_lane,
                cors_origins=cors_origins,
                seat=seat,
                prediction_log=log,
                gate=entrance.make_gate(app, opened, seat=seat, n_workers=n_workers),
                control=app,
                aliases=platform.aliases,
                usual_answers=platform.usual_answers,
                data_folder=files,
                listeners=others.listeners,
                arrivals=arrivals,
            )

    def ready(http_url: str) -> None:
        only_https = arrivals.https_port is not None
        url = entrance.https_url(secure) if only_https and secure is not None else http_url
        if session.as_json:
            more = {} if secret is None else {"administrator_key": secret}
            if secure is not None:
                more["https_url"] = entrance.https_url(secure)
            if url != http_url:
                more["http_url"] = http_url
            session.document({"url": url, "deployments": names, "workers": n_workers, **others.addresses, **more})
            return
        session.done(f"answering at {url}" + (f" with {n_workers} workers" if n_workers > 1 else ""))
        for name in names:
            session.literal(f"  {url}/api/v1/deployments/{name}/score")
        if secure is not None and not only_https:
            session.literal(f"  {entrance.https_url(secure)}")
        for spoken, address in others.addresses.items():
            session.literal(f"  {spoken}: {address}")
        if not names:
            session.note("  nothing is deployed yet; in another terminal: scoreline deploy MODEL")
        is_encrypted = secure is not None or only_https
        entrance.tell(session, listening, opened=opened, secret=secret, is_encrypted=is_encrypted)
        entrance.tell_arrivals(session, arrivals, http_url)
        session.note("  Ctrl-C stops it")

    if port == AUTO and url_of(listening).rpartition(":")[2] != DEFAULT_PORT:
        session.note(f"port {DEFAULT_PORT} is taken; this is the next free one")
    compactor = processes.SideProcess("compactor", partial(prediction_log.run_compactor, settings))
    others_at = beside.open_beside(
        host, n_workers, grpc_port=grpc_port, thrift_port=thrift_port, certificate=tls_cert, key=tls_key
    )
    with totals_folder() as totals, others_at as others:
        processes.serve(
            application,
            listening,
            secure=secure,
            n_workers=n_workers,
            stuck_seconds=settings.stuck_seconds,
            ready=ready,
            sides=[compactor] if prediction_log.is_kept(settings) else [],
        )


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Import without looking for garbage, of which there is none: it takes a tenth of the time to the first answer."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
