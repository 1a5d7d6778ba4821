"""Use case: the demo. A real table, kept beside this module, becomes a deployment."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scoreline.app.deployments import deploy
from scoreline.app.experiments import Outcome, experiment
from scoreline.app.settings import App, Settings, open_app
from scoreline.core.entities import Deployment

if TYPE_CHECKING:
    from scoreline.automl.events import Event

TABLE = "german_credit.csv"
TARGET = "creditability"
POSITIVE = "bad"
NAME = "credit-risk"
"""Of the model and of the deployment."""
FOLDER = "demo"
DEFAULT_SECONDS = 30.0


class Demo(NamedTuple):
    """What the demo made."""

    outcome: Outcome
    deployment: Deployment


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
    return Demo(outcome, deploy(app, NAME, NAME, default=True).deployment)
