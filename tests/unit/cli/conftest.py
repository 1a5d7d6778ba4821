"""Commands are run as if nobody had said how wide the terminal is: workers of pytest say 80."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("COLUMNS", "LINES"):
        monkeypatch.delenv(variable, raising=False)
