"""A worker process: fits what its parent asks for, one thing at a time, with one thread.

Started by ``pool.Pool`` as ``python -m scoreline.automl.worker``. Parent and child talk over the child's standard
input and output: an 8-byte length, then a pickle. Only these two ever speak it, so nothing foreign is unpickled.
The child ends when its input ends, that is when the parent is gone, however it died.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scoreline.automl import handover
from scoreline.automl.candidate import FittedPipeline, fit
from scoreline.automl.export import build_graph
from scoreline.automl.handover import Handover
from scoreline.automl.messages import (
    LENGTH,
    Answer,
    Build,
    Built,
    Cancel,
    Failed,
    FitFold,
    FoldFitted,
    Open,
    Prove,
    Proved,
    Ready,
    Refit,
    Refitted,
    Request,
)
from scoreline.automl.parity import check_parity
from scoreline.automl.problem import Problem
from scoreline.core.errors import ScorelineError
from scoreline.scoring.graph import Graph
from scoreline.scoring.rows import Rows

N_TIMED_ROWS = 1_000


class Cancelled(Exception):
    """The parent no longer wants the answer."""


Progress = Callable[[int], None]


def perform(request: Request, problem: Problem, data: Handover, on_progress: Progress = lambda _: None) -> Answer:
    """Do what is asked; the same request on the same rows has the same answer. ``on_progress`` hears of iterations."""
    match request:
        case FitFold():
            return _fit_fold(request, problem, data, on_progress)
        case Refit():
            return _refit(request, problem, data, on_progress)
        case Build():
            return Built(build_graph(_members(request.members), problem))
        case Prove():
            members, graph = _members(request.members), Graph(request.graph)
            most = request.most_boundary_rows
            parity = check_parity(members, graph, problem, data.rows, data.y, request.seed, most_boundary_rows=most)
            return Proved(parity)


def _fit_fold(request: FitFold, problem: Problem, data: Handover, on_progress: Progress) -> FoldFitted:
    np.random.seed(request.candidate.seed)  # noqa: NPY002 (for libraries that fall back on it)
    trains, validates = data.folds[request.fold]
    trains = _some(trains, request.n_rows, request.candidate.seed)
    validation = data.rows[validates]
    started = time.perf_counter()
    pipeline = fit(
        request.candidate,
        problem,
        data.rows[trains],
        data.y[trains],
        validation=(validation, data.y[validates]),
        seconds=request.seconds,
        on_progress=on_progress,
    )
    predicted = pipeline.predict(validation)
    fitted = time.perf_counter()
    if not np.isfinite(predicted).all():
        raise FloatingPointError("the predictions are not finite")
    return FoldFitted(
        predicted=predicted if problem.task == "regression" else predicted.astype(np.float32),
        n_rows=len(trains),
        n_iterations=pipeline.n_iterations,
        fit_seconds=fitted - started,
        predict_seconds_a_row=_predict_seconds_a_row(pipeline, validation),
        pipeline=pickle.dumps(pipeline, protocol=5) if request.keep else None,
    )


def _predict_seconds_a_row(pipeline: FittedPipeline, rows: Rows) -> float:
    """Time a second prediction: the first also loads the model."""
    some = rows[:N_TIMED_ROWS]
    started = time.perf_counter()
    pipeline.predict(some)
    return (time.perf_counter() - started) / len(some)


def _refit(request: Refit, problem: Problem, data: Handover, on_progress: Progress) -> Refitted:
    np.random.seed(request.candidate.seed)  # noqa: NPY002 (as above)
    end_at = time.monotonic() + request.seconds

    def in_time(iteration: int) -> None:
        on_progress(iteration)
        if time.monotonic() > end_at:  # half a model is not the one that was judged
            raise TimeoutError(f"not fitted within {request.seconds:.1f} s")

    chosen = _some(np.arange(len(data.y)), request.n_rows, request.candidate.seed)
    pipeline = fit(
        request.candidate,
        problem,
        data.rows[chosen],
        data.y[chosen],
        n_iterations=request.n_iterations,
        on_progress=in_time,
    )
    return Refitted(pickle.dumps(pipeline, protocol=5))


def _members(pickled: list[tuple[float, bytes]]) -> list[tuple[float, FittedPipeline]]:
    return [(weight, pickle.loads(body)) for weight, body in pickled]  # noqa: S301 (written by another worker of ours)


class Inbox:
    """Requests, read by a thread of its own, which therefore sees at once when the parent cancels or is gone."""

    def __init__(self) -> None:
        self.requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._number = self._cancelled = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> Request:
        """Wait for the next request."""
        request: Request = self.requests.get()
        self._number += 1
        return request

    def check(self, _: int) -> None:
        """Raise ``Cancelled`` when the request under way is."""
        if self._cancelled == self._number:
            raise Cancelled

    def _listen(self) -> None:
        with os.fdopen(os.dup(0), "rb") as stream:
            while len(head := stream.read(LENGTH.size)) == LENGTH.size:
                size = LENGTH.unpack(head)[0]
                if len(body := stream.read(size)) < size:
                    break
                message = pickle.loads(body)  # noqa: S301 (written by our parent)
                if isinstance(message, Cancel):
                    self._cancelled = message.number
                else:
                    self.requests.put(message)
        os._exit(0)


def main(descriptor: int) -> None:
    """Answer requests until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    warnings.simplefilter("ignore")
    _volunteer_for_the_memory_killer()
    inbox = Inbox()
    opened: Open = inbox.requests.get()
    data = handover.read(descriptor, opened.layout)
    _import_boosters()
    _send(answers, Ready())
    while True:
        request = inbox.next()
        try:
            answer = perform(request, opened.problem, data, inbox.check)
        except Cancelled:
            answer = Failed("cancelled")
        except MemoryError:
            answer = Failed("out of memory")
        except ScorelineError as error:
            answer = Failed(str(error), error)
        except Exception as error:
            answer = Failed(f"{type(error).__name__}: {error}")
        _send(answers, answer)


def _import_boosters() -> None:
    """Import LightGBM and XGBoost without the packages that they only look for, which takes a second or two.

    Fits here pass arrays, and need neither data frames nor scikit-learn's interface to boosters.
    """
    absent = [name for name in ("pandas", "pyarrow", "sklearn", "matplotlib", "dask") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        for library in ("lightgbm", "xgboost"):
            with contextlib.suppress(ImportError):
                importlib.import_module(library)
    finally:
        for name in absent:
            del sys.modules[name]


def _some(indices: npt.NDArray[np.int64], n_rows: int | None, seed: int) -> npt.NDArray[np.int64]:
    if n_rows is None or n_rows >= len(indices):
        return indices
    return np.sort(np.random.default_rng(seed).choice(indices, n_rows, replace=False))


def _send(descriptor: int, answer: Ready | Answer) -> None:
    body = pickle.dumps(answer, protocol=5)
    view = memoryview(LENGTH.pack(len(body)) + body)
    while view:
        view = view[os.write(descriptor, view) :]


def _volunteer_for_the_memory_killer() -> None:
    """Where memory runs out, Linux should kill a trial and not the experiment."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


if __name__ == "__main__":
    main(int(sys.argv[1]))
