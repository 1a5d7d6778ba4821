"""The log of the process that tests run in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

NAMES = ("scoreline", "scoreline.requests", "uvicorn.error")


@contextmanager
def logging_as_it_was() -> Iterator[None]:
    """Leave the log as it was found: one that goes to a test's stderr would go on there when the test has ended."""
    before = [(logger, logger.handlers, logger.level, logger.propagate) for logger in map(logging.getLogger, NAMES)]
    try:
        yield
    finally:
        for logger, handlers, level, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
