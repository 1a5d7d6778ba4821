from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import App, Settings, open_app


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def spoil(app: App, model: str, number: int) -> bytes:
    """Break the stored file of a version, as a disk does; gives its bytes."""
    file = app.registry.artifact(app.registry.resolve(model, str(number)).digest)
    content = file.read_bytes()
    file.write_bytes(content[:-200])
    return content


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as opened:
        yield opened


@pytest.fixture
def live(app: App, tmp_path: Path) -> App:
    """Three versions of ``credit``: @champion is 1 and deployed as ``live``, @challenger is 2."""
    for number in (1, 2, 3):
        tiny_artifact(tmp_path / "one.scoreline", weight=number / 1000)
        app.registry.register(tmp_path / "one.scoreline")
    app.registry.promote("credit", 2, "challenger")
    app.registry.deploy("live", "credit")
    return app
