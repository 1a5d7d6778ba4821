"""Models and their versions: register, models, versions, promote, rollback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scoreline.cli.command import argument, command, option
from scoreline.cli.session import Session
from scoreline.core.entities import AliasChange

PANEL = "Models"

Alias = Annotated[str, option("--alias", "NAME", "The label to move.", default=True)]


def add_to(app: typer.Typer) -> None:
    """Add the commands of models."""
    command(
        app,
        "register",
        "scoreline register credit.scoreline",
        "scoreline register credit.scoreline --model credit-risk --promote",
        panel=PANEL,
        in_space=True,
    )(register)
    command(app, "models", "scoreline models", panel=PANEL, in_space=True)(models)
    command(app, "versions", "scoreline versions credit-risk", panel=PANEL, in_space=True)(versions)
    command(
        app,
        "promote",
        "scoreline promote credit-risk@2",
        "scoreline promote credit-risk@challenger",
        "scoreline promote credit-risk@2 --alias challenger",
        panel=PANEL,
        in_space=True,
    )(promote)
    command(app, "rollback", "scoreline rollback credit-risk", panel=PANEL, in_space=True)(rollback)


def register(
    session: Session,
    file: Annotated[Path, argument("FILE.scoreline", "A scoring pipeline.")],
    model: Annotated[
        str | None, option("--model", "NAME", "The model it becomes a version of; else its own name.")
    ] = None,
    promote: Annotated[
        bool | None,
        option("--promote/--no-promote", None, "Make it @champion; by default only a model's first version."),
    ] = None,
) -> None:
    """Register a file as the next version of a model.

    The file is loaded, scores its own sample and shows its parity proof first; one that fails is refused.
    """
    from scoreline.app import models as use_cases

    with session.busy(f"checking {file}"):
        version = use_cases.register(session.app, file, model, promote=promote)
        session.audited("model.register", f"{version.model}@{version.number}")
        aliases = use_cases.model(session.app, version.model).aliases
    if session.as_json:
        session.document(version)
        return
    session.done(f"{version.model}, version {version.number}{_labels(aliases, version.number)}")
    session.next(f"deploy {version.model}")


def models(session: Session) -> None:
    """List the models."""
    from scoreline.app import models as use_cases
    from scoreline.cli.render import registry

    found = use_cases.models(session.app)
    if session.as_json:
        session.document({"models": found})
    elif found:
        session.say(registry.models(found))
    else:
        session.nothing("no model is registered", "scoreline experiment DATA --target COLUMN")


def versions(session: Session, model: Annotated[str, argument("MODEL", "A model's name.")]) -> None:
    """List a model's versions, the newest first."""
    from scoreline.app import models as use_cases
    from scoreline.cli.render import registry

    found = use_cases.versions(session.app, model)
    aliases = use_cases.model(session.app, model).aliases
    if session.as_json:
        session.document({"model": model, "aliases": aliases, "versions": found})
    else:
        session.say(registry.versions(found, aliases))


def promote(
    session: Session,
    target: Annotated[str, argument("MODEL@VERSION", "The version, by number or by another alias.")],
    alias: Alias = "champion",
) -> None:
    """Make a version the champion.

    Deployments that follow the alias answer with it within a second, without a restart.
    """
    from scoreline.app import models as use_cases

    _tell(session, use_cases.promote(session.app, target, alias=alias))


def rollback(
    session: Session,
    model: Annotated[str, argument("MODEL", "A model's name.")],
    alias: Alias = "champion",
) -> None:
    """Take the last promotion back.

    The alias points to the version before; once more, to the one before that.
    """
    from scoreline.app import models as use_cases

    _tell(session, use_cases.rollback(session.app, model, alias=alias))


def _tell(session: Session, change: AliasChange) -> None:
    session.audited(f"model.{change.action}", f"{change.model}@{change.alias}: version {change.version}")
    if session.as_json:
        session.document(change)
        return
    was = "" if change.previous in (None, change.version) else f", was version {change.previous}"
    session.done(f"{change.model}@{change.alias} is version {change.version}{was}")


def _labels(aliases: dict[str, int], number: int) -> str:
    return "".join(f" @{alias}" for alias, at in sorted(aliases.items()) if at == number)
