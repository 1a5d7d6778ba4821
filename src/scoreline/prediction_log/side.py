"""The compactor as a process beside the workers."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Protocol

from scoreline.prediction_log.locks import is_locked
from scoreline.prediction_log.places import Places

ROUND_SECONDS = 5.0
NICENESS = 19
"""It works when the workers leave it something."""

log = logging.getLogger("scoreline.prediction_log")


class Stop(Protocol):
    """An event of ``threading`` or ``multiprocessing``."""

    def wait(self, timeout: float | None = None) -> bool: ...


def run_compactor(folder: Path, stop: Stop, keep_days: int | None = None) -> None:
    """Compact the prediction log in ``folder`` every few seconds until ``stop``; on one core, behind everyone else.

    For a process of its own: it makes this process nice. It begins after a while, when the workers have started, and
    loads what it needs when there is something to compact.
    """
    os.environ["POLARS_MAX_THREADS"] = "1"
    os.nice(NICENESS)
    places = Places(folder)
    while not stop.wait(ROUND_SECONDS) and not _has_work(places):
        pass
    if stop.wait(0):
        return
    from scoreline.prediction_log.compactor import Compactor

    compactor = Compactor(folder, keep_days=keep_days)
    while True:
        try:
            compactor.round()
        except OSError as error:
            log.warning("the prediction log cannot be compacted: %s", error)
        except Exception:
            log.exception("a round of compaction failed; the next one tries again")
        if stop.wait(ROUND_SECONDS):
            return


def _has_work(places: Places) -> bool:
    try:
        return bool(places.deployments()) or not all(map(is_locked, places.segment_files()))
    except OSError:  # a segment that held nothing is gone
        return False
