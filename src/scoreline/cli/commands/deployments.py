"""What is kept ready to score: deploy, deployments, undeploy."""

from __future__ import annotations

from typing import Annotated

import typer

from scoreline.cli.command import argument, command, option
from scoreline.cli.commands.traffic import ended
from scoreline.cli.session import Session

PANEL = "Serving"


def add_to(app: typer.Typer) -> None:
    """Add the commands of deployments."""
    command(
        app,
        "deploy",
        "scoreline deploy credit-risk",
        "scoreline deploy credit-risk@3 --name credit-risk-pinned",
        panel=PANEL,
        in_space=True,
    )(deploy)
    command(app, "deployments", "scoreline deployments", panel=PANEL, in_space=True)(deployments)
    command(app, "undeploy", "scoreline undeploy credit-risk-pinned", panel=PANEL, in_space=True)(undeploy)


def deploy(
    session: Session,
    target: Annotated[str, argument("MODEL[@VERSION|@ALIAS]", "Without @ it follows @champion; a number pins.")],
    name: Annotated[str | None, option("--name", "NAME", "The deployment's name; else the model's.")] = None,
    default: Annotated[
        bool | None,
        option("--default/--no-default", None, "Answer at the root too, as the H2O dialect asks; else the first one."),
    ] = None,
) -> None:
    """Keep a version ready to score.

    The version scores its own sample first. Servers that run follow within a second, without a restart. Under a name
    that is taken it answers from now on, and the split and the shadow there were end.
    """
    from scoreline.app import deployments as use_cases

    with session.busy(f"checking {target}"):
        made, before = use_cases.deploy(session.app, target, name, default=default)
    session.audited("deployment.change" if before else "deployment.create", f"{made.name}: {target}")
    if over := ended(made, before):
        session.note(over)
    if session.as_json:
        session.document(made)
        return
    follows = f", follows {made.reference}" if made.reference.startswith("@") else ""
    session.done(f"{made.name} answers with {made.model}, version {made.version}{follows}")
    session.next("serve", in_space=False)


def deployments(session: Session) -> None:
    """List what is deployed, and the version that answers."""
    from scoreline.app import deployments as use_cases
    from scoreline.cli.render import registry

    found = use_cases.deployments(session.app)
    if session.as_json:
        session.document({"deployments": found})
    elif found:
        session.say(registry.deployments(found))
    else:
        session.nothing("nothing is deployed", "scoreline deploy MODEL")


def undeploy(
    session: Session,
    name: Annotated[str, argument("NAME", "A deployment's name.")],
) -> None:
    """Take a deployment away; its model stays."""
    from scoreline.app import deployments as use_cases

    gone = use_cases.undeploy(session.app, name)
    session.audited("deployment.delete", gone.name)
    if session.as_json:
        session.document(gone)
    else:
        session.done(f"{gone.name} is no longer deployed; model {gone.model} stays")
