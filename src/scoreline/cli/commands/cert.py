"""A certificate for TLS: cert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scoreline.cli.command import argument, command, option
from scoreline.cli.session import Session

PANEL = "Access"
CERTIFICATE, KEY = "scoreline-cert.pem", "scoreline-key.pem"


def add_to(app: typer.Typer) -> None:
    """Add the command that makes a certificate."""
    command(
        app,
        "cert",
        "scoreline cert",
        "scoreline cert scores.example.com 10.0.0.7 --days 90",
        f"scoreline serve --tls-cert {CERTIFICATE} --tls-key {KEY}",
        panel=PANEL,
    )(cert)


def cert(
    session: Session,
    names: Annotated[
        list[str] | None, argument("NAME…", "Host names and addresses, beside those of this machine.")
    ] = None,
    certificate: Annotated[Path, option("--cert", "FILE", "Where the certificate goes.", default=True)] = Path(
        CERTIFICATE
    ),
    key: Annotated[Path, option("--key", "FILE", "Where its private key goes.", default=True)] = Path(KEY),
    days: Annotated[int, option("--days", "N", "How long it is good for.", default=True)] = 365,
    force: Annotated[bool, option("--force", None, "Replace files that are there.")] = False,
) -> None:
    """Make a certificate that signs itself, for TLS without an authority.

    It is good for localhost, 127.0.0.1, ::1 and the names given. Callers must be told to trust it: curl --cacert.
    A server that runs with these files takes new ones up by itself.
    """
    from scoreline.app.certificates import make_certificate

    made = make_certificate(names or (), certificate=certificate, key=key, days=days, replace=force)
    if session.as_json:
        session.document(made._asdict())
        return
    session.done(f"{made.certificate} is good for {', '.join(made.names)} until {made.expires_at:%Y-%m-%d}")
    session.note(f"  {made.key} is its private key, which only this user may read")
    session.literal(f"  {session.program} serve --tls-cert {made.certificate} --tls-key {made.key}")
    session.note(f"  callers trust it with: curl --cacert {made.certificate} https://localhost:9443/")
