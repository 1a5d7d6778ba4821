"""What the prediction log does beside answering: renew segments, sync them, try again where writing failed."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from scoreline.prediction_log.losses import Losses
from scoreline.prediction_log.places import Places
from scoreline.prediction_log.segment import Segment
from scoreline.prediction_log.writer import Writer, reason

RETRY_SECONDS = 2.0
"""How long writing rests after it failed."""
WARNING_SECONDS = 60.0
"""How long a loss that grows is not told again."""

log = logging.getLogger("scoreline.prediction_log")


class Limits(NamedTuple):
    """How large and old segments become, and how much of the disk is left to others."""

    segment_bytes: int = 32 * 1024 * 1024
    segment_seconds: float = 60.0
    """After this time records may become a table."""
    sync_seconds: float = 5.0
    """After this time records outlive a power failure."""
    reserve_bytes: int = 256 * 1024 * 1024
    """Nothing is written while less of the disk is free, or a twentieth of it: compaction needs room to make room."""
    tick_seconds: float = 1.0
    """How often segments are looked after."""


class Keeper:
    """Looks after the writers, in a thread of its own, so that no answer waits for a disk."""

    def __init__(self, places: Places, writers: Mapping[int, Writer], losses: Losses, limits: Limits) -> None:
        self._places = places
        self._writers = writers
        self._losses = losses
        self._limits = limits
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._tried_at = self._warned_at = -WARNING_SECONDS
        self._n_told = 0
        with contextlib.suppress(OSError):  # tried again; until then losses are counted
            places.make()

    def start(self) -> None:
        """Begin, where it has not begun."""
        with self._starting:
            if self._thread is None and not self._stopped.is_set():
                self._thread = threading.Thread(target=self._keep, name="scoreline-prediction-log", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for what is under way."""
        self._stopped.set()
        with self._starting:
            if self._thread is not None:
                self._thread.join()

    def tend(self, now: float | None = None) -> None:
        """Do what is due at ``now``, on the monotonic clock."""
        now = time.monotonic() if now is None else now
        shortage = self._shortage()
        retry = not shortage and now - self._tried_at >= RETRY_SECONDS
        for writer in list(self._writers.values()):
            with contextlib.suppress(OSError):  # it stays in the writer as its problem, or is tried again
                self._tend(writer, now, shortage, retry)
            for segment in writer.take_ended():
                _finish(segment)
        if retry:
            self._tried_at = now
        with contextlib.suppress(OSError):
            self._losses.save()
        self._warn(now)

    def _tend(self, writer: Writer, now: float, shortage: str, retry: bool) -> None:
        segment = writer.segment
        if shortage and not self._stopped.is_set():
            writer.pause(shortage)
        elif writer.problem:
            if retry and not self._stopped.is_set():
                self._places.make()
                writer.renew()
        elif segment is not None and segment.size and self._is_full(segment, now):
            writer.renew()
        elif segment is not None and not segment.is_synced and now - segment.synced_at >= self._limits.sync_seconds:
            segment.sync()

    def _is_full(self, segment: Segment, now: float) -> bool:
        old = now - segment.begun_at >= self._limits.segment_seconds
        return old or segment.size >= self._limits.segment_bytes

    def _shortage(self) -> str:
        try:
            disk = os.statvfs(self._places.folder)
        except OSError:
            return ""
        free = disk.f_bavail * disk.f_frsize
        if free >= min(self._limits.reserve_bytes, disk.f_blocks * disk.f_frsize // 20):
            return ""
        return f"only {free / 1e6:,.0f} MB of the disk are free"

    def _warn(self, now: float) -> None:
        losses = self._losses.by_deployment()
        n_lost = sum(loss.n_requests for loss in losses.values())
        if n_lost > self._n_told and now - self._warned_at >= WARNING_SECONDS:
            self._n_told, self._warned_at = n_lost, now
            for name, loss in losses.items():
                log.warning(
                    "deployment `%s`: %d answered requests have left no record in the prediction log: %s",
                    name,
                    loss.n_requests,
                    loss.reason,
                )

    def _keep(self) -> None:
        while not self._stopped.wait(self._limits.tick_seconds):
            try:
                self.tend()
            except Exception:
                log.exception("the prediction log is not looked after for the moment")


def _finish(segment: Segment) -> None:
    try:
        if not segment.is_synced:
            segment.sync()
    except OSError as error:
        log.warning("%s cannot be synced: %s", segment.path.name, reason(error))
    finally:
        segment.close()
