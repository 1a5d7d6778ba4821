"""Use case: the demo. A real table, kept beside this module, becomes a deployment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scoreline.app.deployments import deploy
from scoreline.app.experiments import Outcome, experiment
from scoreline.app.security import create_key, record, revoke_key
from scoreline.app.settings import App, Settings, open_app
from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.entities import Deployment

if TYPE_CHECKING:
    from scoreline.automl.events import Event

TABLE = "german_credit.csv"
TARGET = "creditability"
POSITIVE = "bad"
NAME = "credit-risk"
"""Of the model and of the deployment."""
KEY = "demo"
FOLDER = "demo"
DEFAULT_SECONDS = 30.0


class Demo(NamedTuple):
    """What the demo made."""

    outcome: Outcome
    deployment: Deployment
    key: str
    """The secret of a key that may score the deployment."""


def open_demo(home: Path | None = None) -> App:
    """Open the application on the demo's own folder inside the home, so that it never touches a real registry."""
    return open_app(Settings.of(home=Settings.of(home=home).home / FOLDER, environment={}))


def demo(
    app: App,
    *,
    seconds: float = DEFAULT_SECONDS,
    n_workers: int | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Demo:
    """Learn who repays a loan, register the scoring pipeline as the champion of its model, deploy it as the default.

    Run again, it makes the next version, which running servers of the same home switch to.
    """
    from scoreline.automl.settings import ExperimentSettings

    settings = ExperimentSettings(target=TARGET, positive=POSITIVE, time_seconds=seconds, n_workers=n_workers)
    with as_file(files("scoreline.app.demo") / TABLE) as table:
        outcome = experiment(app, table, settings, model=NAME, promote=True, on_event=on_event)
    if outcome.version is not None:
        record(app, "model.register", f"{NAME}@{outcome.version.number}")
    deployed = deploy(app, NAME, NAME, default=True)
    record(app, "deployment.change" if deployed.before else "deployment.create", f"{NAME}: {NAME}")
    return Demo(outcome, deployed.deployment, _make_key(app))


def _make_key(app: App) -> str:
    """Make the demo's key anew: nobody has kept the one before."""
    now = datetime.now(UTC)
    for key in app.security.keys(space=DEFAULT_SPACE):
        if key.name == KEY and key.holds(now):
            revoke_key(app, key.id)
    return create_key(app, KEY, role="scorer", deployments=[NAME]).secret
