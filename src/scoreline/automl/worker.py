"""A worker process: fits what its parent asks for, one thing at a time, with one thread.

Started by ``pool.Pool`` as ``python -m scoreline.automl.worker``. Parent and child talk over the child's standard
input and output: an 8-byte length, then a pickle. Only these two ever speak it, so nothing foreign is unpickled.
The child ends when its input ends, that is when the parent is gone, however it died.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import sys
import threading
import time
import warnings
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.automl import handover
from scoreline.automl.candidate import Candidate, FittedPipeline, fit
from scoreline.automl.handover import Handover, Layout
from scoreline.automl.problem import Problem

LENGTH = struct.Struct(">Q")


class Open(msgspec.Struct, frozen=True):
    """The first request: what is to be learned, and from which rows."""

    problem: Problem
    layout: Layout


class Ready(NamedTuple):
    """Said once, when the process has started and read its rows."""


class FitFold(msgspec.Struct, frozen=True):
    """Learn from a fold's training rows, predict its validation rows."""

    candidate: Candidate
    fold: int
    seconds: float
    n_rows: int | None = None
    """Learn from this many of the training rows, taken at random, where there are more."""
    keep: bool = False
    """Send the fitted pipeline back as well."""


class FoldFitted(NamedTuple):
    """The answer to ``FitFold``."""

    predicted: npt.NDArray[np.float32]
    n_rows: int
    n_iterations: int | None
    fit_seconds: float
    predict_seconds: float
    pipeline: bytes | None
    """Pickled, and read only by the parent."""


class Refit(msgspec.Struct, frozen=True):
    """Learn from all rows (or ``n_rows`` of them), with a number of iterations known from the folds."""

    candidate: Candidate
    n_iterations: int | None
    seconds: float
    n_rows: int | None = None


class Failed(NamedTuple):
    """The answer to a request that raised."""

    reason: str


Request = Open | FitFold | Refit
Answer = Ready | FoldFitted | FittedPipeline | Failed


def perform(request: FitFold | Refit, problem: Problem, data: Handover) -> FoldFitted | FittedPipeline:
    """Do what is asked; the same request on the same rows has the same answer."""
    np.random.seed(request.candidate.seed)  # for libraries that fall back on it
    started = time.perf_counter()
    if isinstance(request, Refit):
        chosen = _some(np.arange(len(data.y)), request.n_rows, request.candidate.seed)
        rows = data.rows[chosen]
        return fit(
            request.candidate, problem, rows, data.y[chosen], n_iterations=request.n_iterations, seconds=request.seconds
        )
    trains, validates = data.folds[request.fold]
    trains = _some(trains, request.n_rows, request.candidate.seed)
    validation = data.rows[validates]
    pipeline = fit(
        request.candidate,
        problem,
        data.rows[trains],
        data.y[trains],
        validation=(validation, data.y[validates]),
        seconds=request.seconds,
    )
    fitted = time.perf_counter()
    predicted = pipeline.predict(validation)
    if not np.isfinite(predicted).all():
        raise FloatingPointError("the predictions are not finite")
    return FoldFitted(
        predicted=predicted.astype(np.float32),
        n_rows=len(trains),
        n_iterations=pipeline.n_iterations,
        fit_seconds=fitted - started,
        predict_seconds=time.perf_counter() - fitted,
        pipeline=pickle.dumps(pipeline, protocol=5) if request.keep else None,
    )


def main(descriptor: int) -> None:
    """Answer requests until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    warnings.simplefilter("ignore")
    _volunteer_for_the_memory_killer()
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    opened: Open = requests.get()
    data = handover.read(descriptor, opened.layout)
    _send(answers, Ready())
    while True:
        request = requests.get()
        answer: Answer
        try:
            answer = perform(request, opened.problem, data)
        except MemoryError:
            answer = Failed("out of memory")
        except Exception as error:
            answer = Failed(f"{type(error).__name__}: {error}")
        _send(answers, answer)


def _some(indices: npt.NDArray[np.int64], n_rows: int | None, seed: int) -> npt.NDArray[np.int64]:
    if n_rows is None or n_rows >= len(indices):
        return indices
    return np.sort(np.random.default_rng(seed).choice(indices, n_rows, replace=False))


def _listen(requests: queue.SimpleQueue[Any]) -> None:
    with os.fdopen(os.dup(0), "rb") as stream:
        while len(head := stream.read(LENGTH.size)) == LENGTH.size:
            size = LENGTH.unpack(head)[0]
            if len(body := stream.read(size)) < size:
                break
            requests.put(pickle.loads(body))
    os._exit(0)


def _send(descriptor: int, answer: Answer) -> None:
    body = pickle.dumps(answer, protocol=5)
    view = memoryview(LENGTH.pack(len(body)) + body)
    while view:
        view = view[os.write(descriptor, view) :]


def _volunteer_for_the_memory_killer() -> None:
    """Where memory runs out, Linux should kill a trial and not the experiment."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")
    except OSError:
        pass


if __name__ == "__main__":
    # pickles name classes by module, so the work is done by the imported module and not by `__main__`
    from scoreline.automl import worker

    worker.main(int(sys.argv[1]))
