"""A writer: the segment that one thread appends to, or why there is none."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

from scoreline.core.entities import LogSettings
from scoreline.prediction_log.record import PIECE_ROWS, header_frame, run_frame, run_frames, store
from scoreline.prediction_log.segment import Segment
from scoreline.serving.plane import Run


class Writer:
    """Appends runs to a segment. Its lock is for the keeper, who puts other segments in the place of this one."""

    def __init__(self, folder: Path) -> None:
        self.written: dict[str, int] = {}
        """Deployment → requests that have left their record."""
        self.n_bytes = 0
        self.problem = ""
        """Why nothing is written at the moment; the keeper tries again."""
        self.segment: Segment | None = None
        self._folder = folder
        self._lock = threading.Lock()
        self._ended: list[Segment] = []

    def write(self, run: Run, settings: LogSettings) -> str:
        """Append ``run``; return why that is impossible, or nothing."""
        with self._lock:
            if self.problem:
                return self.problem
            try:
                segment = self.segment
                if segment is None:
                    segment = self.segment = Segment.create(self._folder)
                self.n_bytes += _append(segment, run, settings)
            except OSError as error:
                self._end(reason(error))
                return self.problem
            name = run.active.full_name
            self.written[name] = self.written.get(name, 0) + len(run.asked)
            return ""

    def renew(self) -> None:
        """Begin another segment. Raises OSError where there can be none; then all stays as it is."""
        segment = Segment.create(self._folder)
        with self._lock:
            self._end("")
            self.segment = segment

    def pause(self, problem: str) -> None:
        """Write no more until ``renew``."""
        with self._lock:
            self._end(problem)

    def take_ended(self) -> list[Segment]:
        """Return the segments that are complete, to be closed."""
        with self._lock:
            ended, self._ended = self._ended, []
        return ended

    def abandon(self) -> None:
        """Let go of the files in a process that was forked."""
        for segment in (*self._ended, self.segment):
            if segment is not None:
                with contextlib.suppress(OSError):
                    segment.abandon()

    def _end(self, problem: str) -> None:
        self.problem = problem
        if self.segment is not None:
            self._ended.append(self.segment)
            self.segment = None


def reason(error: OSError) -> str:
    """Say why a file cannot be written."""
    return error.strerror or type(error).__name__


def _append(segment: Segment, run: Run, settings: LogSettings) -> int:
    active = run.active
    key = id(active) if run.asked[0].active is active else -id(active)
    stored, at, n_bytes = segment.stored.get(key), time.time(), 0
    if stored is None or (stored.settings is not settings and stored.settings != settings):
        if not segment.n_headers:
            segment.begun_at = time.monotonic()
        stored = store(run, segment.n_headers, settings)
        n_bytes = segment.append(header_frame(stored, at))
        segment.stored[key] = stored
        segment.n_headers += 1
    if len(run.rows) <= PIECE_ROWS:
        return n_bytes + segment.append(run_frame(run, stored, at))
    return n_bytes + segment.append_all(run_frames(run, stored, at))
