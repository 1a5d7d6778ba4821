from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scoreline.app.settings import App, Settings, open_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The application on a home that does not exist yet."""
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as opened:
        yield opened
