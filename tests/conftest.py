"""What every test leaves as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.logs import logging_as_it_was


@pytest.fixture(autouse=True)
def same_log() -> Iterator[None]:
    """Commands that serve change where the log goes."""
    with logging_as_it_was():
        yield
