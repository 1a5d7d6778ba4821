"""Who did what: audit."""

from __future__ import annotations

from typing import Annotated

import typer

from scoreline.cli.command import command, option
from scoreline.cli.session import Session
from scoreline.core.errors import BadSetting, Conflict

PANEL = "Access"
DEFAULT_LIMIT = 50


def add_to(app: typer.Typer) -> None:
    """Add the command that reads the audit log."""
    command(
        app,
        "audit",
        "scoreline audit",
        "scoreline audit --since 1d --action login",
        "scoreline audit --actor anna -n 500",
        "scoreline audit --verify",
        panel=PANEL,
    )(audit)


def audit(
    session: Session,
    since: Annotated[str | None, option("--since", "WHEN", "From then on: 10m, 1h, 2d ago; today; 2026-11-20.")] = None,
    until: Annotated[str | None, option("--until", "WHEN", "Before then.")] = None,
    actor: Annotated[str | None, option("--actor", "NAME", "What this user or key did; also by id.")] = None,
    action: Annotated[str | None, option("--action", "ACTION", "Only this: login, key.create, user.grant, …")] = None,
    space: Annotated[str | None, option("--space", "NAME", "What was done in this space.")] = None,
    limit: Annotated[int, option("--limit -n", "N", "The last N records.", default=True)] = DEFAULT_LIMIT,
    verify: Annotated[
        bool, option("--verify", None, "Prove that no record was changed or cut out since it was written.")
    ] = False,
    noted: Annotated[
        str | None, option("--noted", "DIGEST", "With --verify: what it said before, so that a log written anew shows.")
    ] = None,
) -> None:
    """Show who did what, when and from where, the newest first.

    Nothing changes or deletes a record. Each carries a digest of itself and of the one before.
    """
    from scoreline.app import security as use_cases
    from scoreline.cli import moments
    from scoreline.cli.render import security as render

    if noted and not verify:
        raise BadSetting("--noted goes with --verify", hint="add --verify")
    if verify:
        _verify(session, noted)
        return
    found = use_cases.audit(
        session.app,
        limit=limit,
        since=moments.moment("--since", since) if since else None,
        until=moments.moment("--until", until) if until else None,
        actor=actor,
        action=action,
        space=space,
    )
    if session.as_json:
        session.document({"records": found})
    elif found:
        session.say(render.audit(found))
    else:
        session.note("no record is like that")


def _verify(session: Session, noted: str | None) -> None:
    from scoreline.app import security as use_cases
    from scoreline.cli.render import wording

    with session.busy("reading the audit log"):
        found = use_cases.verify_audit(session.app, noted)
    if found.broken_at is not None:
        raise Conflict(
            f"the audit log was changed: record {found.broken_at} is not as it was written, or is gone",
            hint=f"{wording.count(found.n_records, 'record')} before it are whole; compare it with a backup",
        )
    if not found.has_noted:
        raise Conflict(
            f"the audit log was written anew: none of its {wording.count(found.n_records, 'record')} has that digest",
            hint="it is what scoreline audit --verify said of this home; compare the log with a backup",
        )
    if session.as_json:
        session.document(found._asdict())
        return
    session.done(f"{wording.count(found.n_records, 'record')}, all as they were written")
    session.say(f"  the last one's digest is {found.digest}")
