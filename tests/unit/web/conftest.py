from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import App, Settings, open_app
from scoreline.web.app import create_app
from scoreline.web.server import background, bind


@contextmanager
def two_models(folder: Path) -> Iterator[App]:
    """An application with two deployed models."""
    with open_app(Settings.of(home=folder / "home", environment={})) as opened:
        for name, target, labels in (("credit", "risk", ("good", "bad")), ("price", "price", ())):
            tiny_artifact(folder / f"{name}.scoreline", name=name, target=target, labels=labels)
            opened.registry.register(folder / f"{name}.scoreline")
            opened.registry.deploy(name, name)
        yield opened


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An application of the test's own, to be changed."""
    with two_models(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that the tests of a module share, to be asked."""
    with (
        two_models(tmp_path_factory.mktemp("web")) as opened,
        background(create_app(opened.registry), bind(port=0)) as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client
