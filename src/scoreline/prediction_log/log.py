"""The prediction log of a worker: what is told of each run, and leaves one record for each request."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from pathlib import Path
from threading import get_ident
from types import TracebackType

from scoreline.core.entities import LogSettings
from scoreline.prediction_log.keeper import Keeper, Limits
from scoreline.prediction_log.losses import Loss, Losses
from scoreline.prediction_log.places import Places
from scoreline.prediction_log.record import by_settings, sampled
from scoreline.prediction_log.writer import Writer
from scoreline.serving.plane import Run

CLOSED = "the prediction log was closed before"


class PredictionLog:
    """A watcher of the data plane. A record is with the kernel before its answer leaves: no kill can lose it.

    Each thread appends to a segment of its own, so that none waits for another. What cannot be written is counted, and
    never keeps an answer back.
    """

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self._places = Places(folder)
        self._limits = limits or Limits()
        self._begin()
        os.register_at_fork(after_in_child=_abandoning(self))

    def answered(self, run: Run) -> None:
        """Append the run to this thread's segment, as its deployment wants it."""
        if not run.asked:
            return
        main = run.asked[0].active
        if main is run.active:
            self._record(run, main.log)
        else:
            for part in by_settings(run):
                self._record(part, part.asked[0].active.log)

    def _record(self, run: Run, settings: LogSettings) -> None:
        if not settings.enabled:
            return
        try:
            if settings.sample < 100.0:
                part = sampled(run, settings.sample)
                if part is None:
                    return
                run = part
            writer = self._writers.get(get_ident()) or self._add_writer()
            problem = writer.write(run, settings)
        except Exception as error:  # a record that cannot be made is lost; its answer is not
            problem = f"{type(error).__name__}: {error}"
        if problem:
            active = run.active
            self._losses.add(active.log_name, active.full_name, len(run.asked), len(run.rows), problem)

    @property
    def n_written(self) -> int:
        """Requests that have left their record."""
        return sum(self.written().values())

    @property
    def n_bytes(self) -> int:
        """Bytes appended."""
        return sum(writer.n_bytes for writer in list(self._writers.values()))

    @property
    def n_lost(self) -> int:
        """Requests that were answered and left no record, though one was wanted."""
        return sum(loss.n_requests for loss in self._losses.by_deployment().values())

    def written(self) -> dict[str, int]:
        """Return how many requests have left their record, by deployment."""
        found: dict[str, int] = {}
        for writer in list(self._writers.values()):
            for name, n in list(writer.written.items()):
                found[name] = found.get(name, 0) + n
        return found

    def counts(self) -> dict[tuple[str, ...], float]:
        """Return how many requests of each deployment were ``written`` and were ``lost``."""
        found: dict[tuple[str, ...], float] = {(name, "written"): float(n) for name, n in self.written().items()}
        return found | {(name, "lost"): float(loss.n_requests) for name, loss in self.losses().items()}

    def losses(self) -> dict[str, Loss]:
        """Return what was lost, by deployment."""
        return self._losses.by_deployment()

    @property
    def keeper(self) -> Keeper:
        """What syncs and renews the segments."""
        return self._keeper

    def close(self) -> None:
        """End the segments and have the disk keep them. What is answered later is lost, and counted."""
        self._keeper.stop()
        for writer in list(self._writers.values()):
            writer.pause(CLOSED)
        self._closed = True
        self._keeper.tend()
        self._losses.close()

    def __enter__(self) -> PredictionLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        self._writers: dict[int, Writer] = {}
        self._losses = Losses(self._places.losses)
        self._keeper = Keeper(self._places, self._writers, self._losses, self._limits)
        self._closed = False

    def _add_writer(self) -> Writer:
        self._keeper.start()
        writer = Writer(self._places.segments)
        if self._closed:
            writer.pause(CLOSED)
        self._writers[get_ident()] = writer
        return writer

    def _abandon(self) -> None:
        for writer in self._writers.values():
            writer.abandon()
        self._losses.abandon()
        self._begin()


def _abandoning(log: PredictionLog) -> Callable[[], None]:
    """Return what a process that was forked must do; it does not keep the log alive."""
    reference = weakref.ref(log)

    def abandon() -> None:
        found = reference()
        if found is not None:
            found._abandon()

    return abandon
