"""Users and their roles: user add, list, grant, withdraw, password, remove."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from scoreline.cli.command import argument, command, group, option
from scoreline.cli.session import Session
from scoreline.core.access import Role
from scoreline.core.identities import User

PANEL = "Access"

Name = Annotated[str, argument("NAME", "A user's name.")]
Space = Annotated[
    str,
    option(
        "--space", "NAME", "The space that the role is for; * is every one.", default=True, variable="SCORELINE_SPACE"
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of users."""
    users = group(app, "user", "Add users, give them roles, set their passwords.", panel=PANEL)
    command(
        users,
        "user add",
        "scoreline user add anna --role editor",
        "scoreline user add robot --machine --role scorer --space credit-team",
        "pass show scoreline/anna | scoreline user add anna",
        panel=PANEL,
    )(add)
    command(users, "user list", "scoreline user list", panel=PANEL)(list_)
    command(
        users,
        "user grant",
        "scoreline user grant anna editor --space credit-team",
        "scoreline user grant anna admin --space '*'",
        panel=PANEL,
    )(grant)
    command(users, "user withdraw", "scoreline user withdraw anna --space credit-team", panel=PANEL)(withdraw)
    command(users, "user password", "scoreline user password anna", panel=PANEL)(password)
    command(users, "user remove", "scoreline user remove anna", panel=PANEL)(remove)


def add(
    session: Session,
    name: Name,
    machine: Annotated[bool, option("--machine", None, "It has no password, only keys.")] = False,
    role: Annotated[
        str | None, option("--role", "ROLE", "viewer, scorer, editor or admin; else none until one is granted.")
    ] = None,
    space: Space = "default",
) -> None:
    """Add a user.

    The password is asked for; where stdin is no terminal, it is the first line there.
    """
    from scoreline.app import security as use_cases

    secret = None if machine else _new_password(name)
    user = use_cases.add_user(session.app, name, secret, role=cast("Role | None", role), space=space)
    _tell(session, user, f"user {user.name} is added")
    if machine and not session.as_json:
        session.next(f"key create {name}-key --user {name}")


def list_(session: Session) -> None:
    """List the users with their roles."""
    from scoreline.app import security as use_cases
    from scoreline.cli.render import security as render

    found = use_cases.users(session.app)
    if session.as_json:
        session.document({"users": found})
    elif found:
        session.say(render.users(found))
    else:
        session.nothing("there is no user", "scoreline user add NAME --role ROLE")


def grant(
    session: Session,
    name: Name,
    role: Annotated[str, argument("ROLE", "viewer, scorer, editor or admin.")],
    space: Space = "default",
) -> None:
    """Give a user a role in a space, instead of the one it had there."""
    from scoreline.app import security as use_cases

    user = use_cases.grant(session.app, name, cast("Role", role), space)
    _tell(session, user, f"user {user.name} is {role} in {_where(space)}")


def withdraw(session: Session, name: Name, space: Space = "default") -> None:
    """Take a user's role in a space away."""
    from scoreline.app import security as use_cases

    user = use_cases.withdraw(session.app, name, space)
    _tell(session, user, f"user {user.name} has no role in {_where(space)} any more")


def password(session: Session, name: Name) -> None:
    """Set a user's password; tokens that came of the one before end.

    It is asked for; where stdin is no terminal, it is the first line there.
    """
    from scoreline.app import security as use_cases

    use_cases.set_password(session.app, name, _new_password(name))
    if session.as_json:
        session.document({"user": name, "changed": "password"})
    else:
        session.done(f"user {name} has a new password")


def remove(session: Session, name: Name) -> None:
    """Delete a user with its keys; its tokens end."""
    from scoreline.app import security as use_cases

    user = use_cases.remove_user(session.app, name)
    _tell(session, user, f"user {user.name} is gone")


def _tell(session: Session, user: User, sentence: str) -> None:
    if session.as_json:
        session.document(user)
    else:
        session.done(sentence)


def _where(space: str) -> str:
    return "every space" if space == "*" else f"the space {space}"


def _new_password(name: str) -> str:
    from scoreline.cli import passwords

    return passwords.ask(name)
