from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import App, Settings, open_app
from scoreline.web.app import create_app
from scoreline.web.server import background, bind


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An application with two deployed models."""
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as opened:
        for name, target, labels in (("credit", "risk", ("good", "bad")), ("price", "price", ())):
            tiny_artifact(tmp_path / f"{name}.scoreline", name=name, target=target, labels=labels)
            opened.registry.register(tmp_path / f"{name}.scoreline")
            opened.registry.deploy(name, name)
        yield opened


@pytest.fixture
def url(app: App) -> Iterator[str]:
    """A server of ``app``."""
    with background(create_app(app.registry), bind(port=0)) as bound:
        yield bound


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as client:
        yield client
