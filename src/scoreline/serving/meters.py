"""The meters: a request pays for a note, and the notes of many are counted together, ten times a second."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from scoreline.serving import metrics
from scoreline.serving.active import Active
from scoreline.serving.histograms import Buckets, sort_into_buckets
from scoreline.serving.metrics import METRICS, Metric, bucket_name
from scoreline.serving.notes import REQUEST_PHASES, RUN_PHASES, Note, phases, take_note
from scoreline.serving.plane import Run
from scoreline.serving.totals import Totals
from scoreline.serving.value_check import ValueCheck

COUNT_SECONDS = 0.1
"""How long a note waits to be counted: what a worker that is killed takes along."""
CHECKED_ROWS = 256
"""Rows of a deployment that are searched for missing and unseen values each time that notes are counted."""
N_CHECKS_KEPT = 256
"""Versions whose levels are remembered."""
GAUGES = frozenset(metric.name for metric in METRICS if metric.kind == "gauge")
OTHER = "other"
"""The dialect of what is no score request."""
Labels = tuple[str, ...]
Read = Callable[[], Mapping[Labels, float]]
T = TypeVar("T")


class Meters:
    """Counts what is answered. Notes are taken in any thread; all the rest is one thread's: the event loop's."""

    def __init__(self) -> None:
        self.totals = Totals()
        self._notes: list[Note] = []
        self._loads: list[tuple[str, str, float]] = []
        self._room: dict[str, int] = {}
        self._checks: dict[str, ValueCheck] = {}
        """By digest of the scoring pipeline."""
        self._gauges: list[tuple[Metric, Read]] = []
        self._followed: list[tuple[Metric, Read, dict[Labels, float]]] = []

    def open(self, folder: Path | None) -> None:
        """Keep the totals in ``folder``, beside those of the other workers; without one they are of this process."""
        self.totals = Totals(folder, GAUGES)
        self._add(metrics.DEATHS, (), 1 if self.totals.follows_a_death else 0)

    def close(self) -> None:
        """Count what is noted, and let the totals go."""
        self.count()
        self.totals.close()

    def show(self, metric: Metric, read: Read) -> None:
        """Ask ``read`` for the numbers of this gauge, by label values."""
        self._gauges.append((metric, read))

    def follow(self, metric: Metric, read: Read) -> None:
        """Ask ``read`` for totals that another part of this process keeps, and add their growth to this counter."""
        self._followed.append((metric, read, defaultdict(float)))

    # In any thread

    def answered(self, run: Run) -> None:
        """Note a run."""
        if not run.asked:
            return  # none of its answers could be written
        rows = run.rows
        n_rows = len(rows)
        name = run.active.full_name
        room = self._room.get(name, CHECKED_ROWS)
        if room > 0:
            self._room[name] = room - n_rows
            if n_rows > room:
                rows = rows[:: math.ceil(n_rows / room)]
            self._notes.append(take_note(run, n_rows, rows))
        else:
            self._notes.append(take_note(run, n_rows, None))

    def loaded(self, deployment: str, result: str, seconds: float) -> None:
        """Note that a version was loaded and self-tested: ``ok`` or ``failed``."""
        self._loads.append((deployment, result, seconds))

    # In the event loop

    def ended(
        self,
        status: int,
        *,
        dialect: str = OTHER,
        deployment: str = "",
        version: int | None = None,
        error: tuple[str, str] | None = None,
    ) -> None:
        """Count a request that no run has answered; ``error`` is kind and code of the error that did."""
        self._add(metrics.REQUESTS, (deployment, "" if version is None else str(version), dialect, str(status)), 1)
        if error is not None:
            self._add(metrics.ERRORS, (deployment, *error), 1)

    def count(self) -> None:
        """Count what was noted since the last time."""
        notes = _take(self._notes)
        self._room = {}
        if notes:
            self._count_requests(notes)
            self._count_sizes(notes)
            self._check_values(notes)
        for deployment, result, seconds in _take(self._loads):
            bucket = bisect_left(metrics.LOADS.bounds, seconds)
            self._add_buckets(metrics.LOADS, (deployment, result), Buckets(0, [(bucket, 1)], seconds))
        for metric, read, before in self._followed:
            for labels, number in read().items():
                if number != before[labels]:
                    self._add(metric, labels, number - before[labels])
                    before[labels] = number
        self.totals.flush()

    def measure(self) -> None:
        """Read the gauges."""
        for metric, read in self._gauges:
            for labels, number in read().items():
                self.totals.put((metric.name, *labels), number)
        self.totals.flush()

    def _count_requests(self, notes: Sequence[Note]) -> None:
        requests: dict[Labels, int] = defaultdict(int)
        rows: dict[Labels, int] = defaultdict(int)
        for note in notes:
            active, dialects = note.active, note.dialects
            rows[active.full_name, str(active.version)] += note.n_rows
            first = dialects[0]
            if dialects.count(first) == len(dialects):
                requests[active.full_name, str(active.version), first.name, "200"] += len(dialects)
                continue
            for dialect in dialects:
                requests[active.full_name, str(active.version), dialect.name, "200"] += 1
        for metric, numbers in ((metrics.REQUESTS, requests), (metrics.ROWS, rows)):
            for labels, n in numbers.items():
                self._add(metric, labels, n)

    def _count_sizes(self, notes: Sequence[Note]) -> None:
        """Count durations, and sizes of runs."""
        index = {name: i for i, name in enumerate(dict.fromkeys([note.active.full_name for note in notes]))}
        deployment = np.array([index[note.active.full_name] for note in notes])
        took = phases(notes)
        n_requests = took.sizes.astype(np.float64)
        n_rows = np.array([note.n_rows for note in notes], dtype=np.float64)
        names = list(index)
        for metric, sizes in ((metrics.RUN_REQUESTS, n_requests), (metrics.RUN_ROWS, n_rows)):
            for found in sort_into_buckets(deployment, sizes, metric.bounds):
                self._add_buckets(metric, (names[found.series],), found)
        for phase_names, deployments, seconds, weights in (
            (REQUEST_PHASES, np.repeat(deployment, took.sizes), took.of_requests, None),
            (RUN_PHASES, deployment, took.of_runs, np.broadcast_to(n_requests, took.of_runs.shape)),
        ):
            n = len(phase_names)
            series = deployments * n + np.arange(n)[:, None]
            for found in sort_into_buckets(series, seconds, metrics.DURATION.bounds, weights):
                name, phase = divmod(found.series, n)
                self._add_buckets(metrics.DURATION, (names[name], phase_names[phase]), found)

    def _check_values(self, notes: Iterable[Note]) -> None:
        checked: dict[Active, list[Note]] = defaultdict(list)
        for note in notes:
            if note.checked is not None:
                checked[note.active].append(note)
        for active, of_it in checked.items():
            rows = [note.checked for note in of_it if note.checked is not None]
            self._add(metrics.CHECKED_ROWS, (active.full_name,), sum(map(len, rows)))
            for oddity in self._check_of(active).find(rows):
                metric = metrics.UNSEEN if oddity.unseen else metrics.MISSING
                self._add(metric, (active.full_name, oddity.column), oddity.n)

    def _check_of(self, active: Active) -> ValueCheck:
        check = self._checks.get(active.digest)
        if check is None:
            if len(self._checks) >= N_CHECKS_KEPT:
                self._checks.clear()
            check = self._checks[active.digest] = ValueCheck(active.pipeline.schema)
        return check

    def _add(self, metric: Metric, labels: Labels, amount: float) -> None:
        self.totals.add((metric.name, *labels), amount)

    def _add_buckets(self, metric: Metric, labels: Labels, found: Buckets) -> None:
        for bucket, n in found.counts:
            name = bucket_name(metric.bounds[bucket] if bucket < len(metric.bounds) else None)
            self.totals.add((metric.name, *labels, name), n)
        self.totals.add((metric.name, *labels, "sum"), found.sum)


def _take(items: list[T]) -> list[T]:
    """Take out what is there now; another thread may go on adding."""
    taken = items[:]
    del items[: len(taken)]
    return taken
