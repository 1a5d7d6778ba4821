"""Keys: key create, key list, key revoke."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from scoreline.cli.command import argument, command, group, option
from scoreline.cli.session import Session
from scoreline.core.access import Action, Role

PANEL = "Access"

Space = Annotated[
    str, option("--space", "NAME", "The space it is for; * is every one.", default=True, variable="SCORELINE_SPACE")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of keys."""
    keys = group(app, "key", "Make, list and revoke keys.", panel=PANEL)
    command(
        keys,
        "key create",
        "scoreline key create web-shop",
        "scoreline key create web-shop --deployment credit-risk --expires 90d",
        "scoreline key create ci --role editor --space credit-team",
        "scoreline key create root --role admin --space '*'",
        panel=PANEL,
    )(create)
    command(keys, "key list", "scoreline key list", "scoreline key list --user anna --all", panel=PANEL)(list_)
    command(keys, "key revoke", "scoreline key revoke web-shop", panel=PANEL)(revoke)


def create(
    session: Session,
    name: Annotated[str, argument("NAME", "What people call it.")],
    role: Annotated[
        str | None, option("--role", "ROLE", "viewer, scorer, editor or admin; else scorer, or all that --user may.")
    ] = None,
    actions: Annotated[
        list[str] | None, option("--action", "ACTION,…", "Instead of a role: of view, score, edit, admin.")
    ] = None,
    space: Space = "default",
    deployments: Annotated[
        list[str] | None, option("--deployment", "NAME,…", "The only deployments that it may see and score.")
    ] = None,
    expires: Annotated[
        str | None, option("--expires", "WHEN", "In 12h, 90d or 4w; or 2027-01-31; else it does not.")
    ] = None,
    rate: Annotated[float, option("--rate", "N", "Requests a second that it may send; else any number.")] = 0.0,
    user: Annotated[str | None, option("--user", "NAME", "It acts for this user, and may do no more.")] = None,
) -> None:
    """Make a key and show its secret, this one time.

    Only its hash is kept. The secret alone is on stdout, so that a script can take it.
    """
    from scoreline.app import security as use_cases
    from scoreline.cli import moments, values
    from scoreline.cli.render import security as render

    made = use_cases.create_key(
        session.app,
        name,
        space=space,
        role=cast("Role | None", role),
        actions=cast("tuple[Action, ...]", values.names(actions or ())),
        deployments=values.names(deployments or ()),
        expires_at=moments.ahead("--expires", expires) if expires else None,
        rate=rate,
        user=user,
    )
    if session.as_json:
        session.document(made)
        return
    session.note(f"key {made.key.name} may {render.may(made.key)}; this is the only time that it is shown:")
    session.literal(made.secret)


def list_(
    session: Session,
    space: Annotated[str | None, option("--space", "NAME", "Those of this space; else of all.")] = None,
    user: Annotated[str | None, option("--user", "NAME", "Those that act for this user.")] = None,
    all_: Annotated[bool, option("--all", None, "Also those that were revoked or have expired.")] = False,
) -> None:
    """List the keys, the newest first, without their secrets."""
    from datetime import UTC, datetime

    from scoreline.app import security as use_cases
    from scoreline.cli.render import security as render

    now = datetime.now(UTC)
    found = [key for key in use_cases.keys(session.app, space=space, user=user) if all_ or key.holds(now)]
    if session.as_json:
        session.document({"keys": found})
    elif found:
        names = {each.id: each.name for each in use_cases.users(session.app)}
        session.say(render.keys(found, names, now))
    else:
        session.nothing("there is no such key", "scoreline key create NAME")


def revoke(session: Session, key: Annotated[str, argument("KEY", "Its name or its id.")]) -> None:
    """Let a key count for nothing from now on.

    Servers that run refuse it within a second, and the tokens that came of it.
    """
    from scoreline.app import security as use_cases

    revoked = use_cases.revoke_key(session.app, key)
    if session.as_json:
        session.document(revoked)
    else:
        session.done(f"key {revoked.name} ({revoked.id}) is revoked")
