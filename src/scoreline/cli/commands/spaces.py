"""Spaces: space create, list, delete."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from scoreline.cli.command import argument, command, group, option
from scoreline.cli.session import Session

PANEL = "Access"


def add_to(app: typer.Typer) -> None:
    """Add the commands of spaces."""
    spaces = group(app, "space", "Make, list and delete spaces.", panel=PANEL)
    command(
        spaces,
        "space create",
        "scoreline space create credit-team",
        "scoreline space create credit-team --description 'Loans and cards'",
        panel=PANEL,
    )(create)
    command(spaces, "space list", "scoreline space list", panel=PANEL)(list_)
    command(spaces, "space delete", "scoreline space delete credit-team", panel=PANEL)(delete)


def create(
    session: Session,
    name: Annotated[str, argument("NAME", "The new space's name.")],
    description: Annotated[str, option("--description", "TEXT", "What it is for.")] = "",
) -> None:
    """Make a space: models, deployments and keys in it are seen by nobody outside it."""
    from scoreline.app import security as use_cases

    space = use_cases.create_space(session.app, name, description)
    if session.as_json:
        session.document(space)
        return
    session.done(f"space {space.name} ({space.id})")
    session.next(f"user grant NAME editor --space {shlex.quote(space.name)}")


def list_(session: Session) -> None:
    """List the spaces."""
    from scoreline.app import security as use_cases
    from scoreline.cli.render import security as render

    found = use_cases.spaces(session.app)
    if session.as_json:
        session.document({"spaces": found})
    else:
        session.say(render.spaces(found))


def delete(session: Session, space: Annotated[str, argument("NAME", "A space's name or its id.")]) -> None:
    """Delete a space without models: its roles, experiments and records of predictions go, its keys are revoked."""
    from scoreline.app import security as use_cases

    deleted = use_cases.delete_space(session.app, space)
    if session.as_json:
        session.document(deleted)
    else:
        session.done(f"space {deleted.name} is gone")
