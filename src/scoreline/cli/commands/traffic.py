"""Which versions a deployment's requests meet, and what is kept of them: traffic, record."""

from __future__ import annotations

from typing import Annotated

import typer

from scoreline.cli.command import argument, command, option
from scoreline.cli.session import Session
from scoreline.core.entities import Deployment
from scoreline.core.errors import BadSetting

PANEL = "Serving"

Name = Annotated[str, argument("NAME", "A deployment's name.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "traffic",
        "scoreline traffic credit-risk",
        "scoreline traffic credit-risk challenger=10 --sticky",
        "scoreline traffic credit-risk challenger=10 7=5 --shadow 8=20",
        "scoreline traffic credit-risk --clear",
        panel=PANEL,
        in_space=True,
    )(traffic)
    command(
        app,
        "record",
        "scoreline record credit-risk",
        "scoreline record credit-risk --sample 10 --hide age,name",
        "scoreline record credit-risk --off",
        panel=PANEL,
        in_space=True,
    )(record)


def traffic(
    session: Session,
    name: Name,
    split: Annotated[
        list[str] | None,
        argument("VERSION=PERCENT", "Versions that answer so many percent: an alias is followed, a number pins."),
    ] = None,
    sticky: Annotated[
        bool | None,
        option(
            "--sticky/--not-sticky",
            None,
            "Whether the same X-Scoreline-Routing-Key meets the same version; else as it was.",
        ),
    ] = None,
    shadow: Annotated[
        str | None,
        option("--shadow", "VERSION[=PERCENT]", "A version that scores, too, for the log only; of all, or so many."),
    ] = None,
    no_split: Annotated[bool, option("--no-split", None, "End the split.")] = False,
    no_shadow: Annotated[bool, option("--no-shadow", None, "End the shadow.")] = False,
    clear: Annotated[bool, option("--clear", None, "End the split and the shadow.")] = False,
) -> None:
    """Show or change which versions answer a deployment's requests.

    The deployment's own version answers what the split leaves. Servers that run follow within a second.
    """
    from scoreline.app import deployments as use_cases
    from scoreline.cli import values
    from scoreline.cli.render import registry

    end_split, end_shadow = no_split or clear, no_shadow or clear
    if (split or sticky is not None) and end_split:
        raise BadSetting("a split cannot be made and ended at once", hint="leave out --no-split and --clear")
    if shadow and end_shadow:
        raise BadSetting("a shadow cannot be made and ended at once", hint="leave out --no-shadow and --clear")
    found = use_cases.deployment(session.app, name)
    with session.busy(f"checking the versions of {name}"):
        if end_split:
            found = use_cases.split(session.app, name, {})
        elif split or sticky is not None:
            found = use_cases.split(session.app, name, values.shares(split) if split else None, sticky=sticky)
        if shadow:
            found = use_cases.shadow(session.app, name, *values.share("--shadow", shadow, otherwise=100.0))
        elif end_shadow:
            found = use_cases.shadow(session.app, name, None)
    if end_split or end_shadow or split or sticky is not None or shadow:
        session.audited("deployment.change", f"{name}: traffic")
    if session.as_json:
        session.document(found)
        return
    session.say(registry.traffic(found))
    if found.shadow and not found.log.enabled:
        session.note(f"its log is off, so nothing keeps what the shadow answers; scoreline record {name} --on")


def record(
    session: Session,
    name: Name,
    on: Annotated[bool | None, option("--on/--off", None, "Whether anything is kept; else as it was.")] = None,
    sample: Annotated[
        float | None, option("--sample", "PERCENT", "How many of the requests are kept; else as it was.")
    ] = None,
    hide: Annotated[
        list[str] | None, option("--hide", "COLUMN,…", "Columns that are never stored from now on.")
    ] = None,
    show: Annotated[list[str] | None, option("--show", "COLUMN,…", "Hidden columns that are stored again.")] = None,
) -> None:
    """Show or change what a deployment's prediction log keeps.

    It holds for requests from now on, within a second; what is stored already stays.
    """
    from scoreline.app import deployments as use_cases
    from scoreline.cli import values
    from scoreline.cli.render import registry

    if on is None and sample is None and not hide and not show:
        found = use_cases.deployment(session.app, name)
    else:
        hidden, shown = values.names(hide or ()), values.names(show or ())
        found = use_cases.record(session.app, name, enabled=on, sample=sample, hide=hidden, show=shown)
        session.audited("deployment.change", f"{name}: log")
    if session.as_json:
        session.document(found)
    else:
        session.say(registry.recorded(found))


def ended(now: Deployment, before: Deployment | None) -> str:
    """Say which split and shadow ended when a deployment got another target; nothing when none did."""
    if before is None or now.split or now.shadow:
        return ""
    split = ", ".join(f"{share.reference} {share.weight:g} %" for share in before.split)
    shadow = before.shadow.reference if before.shadow else ""
    parts = [f"its split ({split})"] if split else []
    parts += [f"its shadow ({shadow})"] if shadow else []
    return f"{' and '.join(parts)} ended with the target it had" if parts else ""
