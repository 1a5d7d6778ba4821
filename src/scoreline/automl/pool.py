"""Worker processes that fit candidates: started once, killed and replaced when over time, gone with their parent."""

from __future__ import annotations

import selectors
import tempfile
import time
from types import TracebackType
from typing import Any, BinaryIO, Literal, NamedTuple, Self

from scoreline.automl import handover
from scoreline.automl.child import Child, Job
from scoreline.automl.handover import Handover
from scoreline.automl.messages import Cancel, Failed, Open, Ready, Request
from scoreline.automl.problem import Problem
from scoreline.core.errors import ExperimentFailed, ScorelineError

_FALSE_STARTS_ALLOWED = 3
_HEED_SECONDS = 0.3


class Outcome(NamedTuple):
    """How a job ended."""

    job: int
    status: Literal["done", "failed", "killed"]
    answer: Any
    """What ``worker.perform`` returned, when done."""
    reason: str
    seconds: float
    error: ScorelineError | None = None
    """What was raised, where it is one of ours."""


class Pool:
    """Some workers over the same rows. Use it as a context: at its end every child is gone.

    Raises ``ExperimentFailed`` out of ``poll`` when worker processes do not start.
    """

    def __init__(self, n_workers: int) -> None:
        self._shared: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the pool)
        self._selector = selectors.DefaultSelector()
        self._open: Open | None = None
        self._children: list[Child] = []
        self._n_false_starts = 0
        for _ in range(n_workers):
            self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def n_idle(self) -> int:
        """Workers that wait for a job."""
        return sum(child.ready and child.job is None for child in self._children)

    @property
    def n_busy(self) -> int:
        """Workers that have one."""
        return sum(child.job is not None for child in self._children)

    @property
    def process_ids(self) -> list[int]:
        """Of every worker."""
        return [child.process.pid for child in self._children]

    def open(self, problem: Problem, data: Handover) -> None:
        """Give the workers, which have been starting meanwhile, their rows."""
        self._open = Open(problem, handover.write(self._shared, data))
        for child in self._children:
            child.send(self._open)

    def submit(self, job: int, request: Request, *, limit_seconds: float) -> None:
        """Give a job to an idle worker; it is killed after ``limit_seconds``."""
        child = next(child for child in self._children if child.ready and child.job is None)
        now = time.monotonic()
        child.job = Job(job, now, now + limit_seconds, limit_seconds)
        child.n_requests += 1
        child.send(request)

    def poll(self, timeout_seconds: float) -> list[Outcome]:
        """Wait until something happens, but not longer than the timeout; tell which jobs ended."""
        nearest = min((child.job.kill_at for child in self._children if child.job), default=float("inf"))
        wait_seconds = max(0.0, min(timeout_seconds, nearest - time.monotonic()))
        outcomes = [outcome for key, _ in self._selector.select(wait_seconds) for outcome in self._listen(key.data)]
        now = time.monotonic()
        for child in list(self._children):
            if child.job and now >= child.job.kill_at:
                reason = f"killed after {child.job.limit_seconds:.1f} s, its time was over"
                outcomes += self._replace(child, "killed", reason)
        return outcomes

    def cancel(self) -> None:
        """Stop what is under way, without a word about it; a worker that does not heed is killed and replaced."""
        for child in self._children:
            if child.job:
                child.send(Cancel(child.n_requests))
        give_up_at = time.monotonic() + _HEED_SECONDS
        while self.n_busy and time.monotonic() < give_up_at:
            self.poll(max(0.0, give_up_at - time.monotonic()))
        for child in list(self._children):
            if child.job:
                self._replace(child, "killed", "")

    def close(self) -> None:
        """Kill the workers and wait for their end."""
        for child in self._children:
            child.kill()
        self._children.clear()
        self._selector.close()
        self._shared.close()

    def _start(self) -> None:
        child = Child(self._shared)
        self._children.append(child)
        self._selector.register(child.answers, selectors.EVENT_READ, child)
        if self._open:
            child.send(self._open)

    def _listen(self, child: Child) -> list[Outcome]:
        answers, alive = child.receive()
        outcomes = []
        for answer in answers:
            if isinstance(answer, Ready):
                child.ready = True
                continue
            if child.job is None:
                continue
            job, child.job = child.job, None
            seconds = time.monotonic() - job.started_at
            if isinstance(answer, Failed):
                outcomes.append(Outcome(job.number, "failed", None, answer.reason, seconds, answer.error))
            else:
                outcomes.append(Outcome(job.number, "done", answer, "", seconds))
        if alive:
            return outcomes
        reason = child.why_dead()
        self._n_false_starts += not child.ready
        if self._n_false_starts > _FALSE_STARTS_ALLOWED:
            raise ExperimentFailed(f"worker processes do not start: {reason}", hint="is the installation complete?")
        return outcomes + self._replace(child, "failed", reason)

    def _replace(self, child: Child, status: Literal["failed", "killed"], reason: str) -> list[Outcome]:
        self._selector.unregister(child.answers)
        self._children.remove(child)
        child.kill()
        self._start()
        if child.job is None:
            return []
        return [Outcome(child.job.number, status, None, reason, time.monotonic() - child.job.started_at)]
