"""Scores the rows of jobs: in a thread of the worker that has met one, one job at a time."""

from __future__ import annotations

import logging
import threading
from typing import Any

import msgspec

from scoreline.app.assets import jobs
from scoreline.app.settings import App
from scoreline.core.assets import Asset
from scoreline.core.errors import ScorelineError
from scoreline.serving.errors import internal
from scoreline.serving.plane import Asked
from scoreline.serving.protocols import DIALECTS
from scoreline.web.service import Service

log = logging.getLogger("scoreline.web")


class Runner:
    """Works as long as any job is unfinished, over all workers: what another one left behind it ends, too."""

    def __init__(self, service: Service, app: App) -> None:
        self._service = service
        self._app = app
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Look for jobs."""
        self._woken.set()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="scoreline-ibm-jobs", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            self._woken.clear()
            job, seconds = self._take()
            if job is not None:
                self._do(job)
            elif seconds is not None:
                self._woken.wait(seconds)
            else:
                with self._lock:
                    if not self._woken.is_set():
                        self._thread = None
                        return

    def _take(self) -> tuple[Asset | None, float | None]:
        try:
            return jobs.take(self._app)
        except Exception:
            log.exception("jobs cannot be looked for; the next request about one looks again")
            return None, None

    def _do(self, job: Asset) -> None:
        try:
            state, details = jobs.COMPLETED, {"predictions": self._predictions(job)}
        except ScorelineError as error:
            state, details = jobs.FAILED, _failure(error)
        except Exception as error:
            log.exception("job %s failed", job.id, exc_info=error)
            state, details = jobs.FAILED, _failure(internal(job.id))
        try:
            jobs.end(self._app, job, state, details)
        except Exception:
            log.exception("what came of job %s cannot be kept; it is begun again", job.id)

    def _predictions(self, job: Asset) -> Any:
        """Score the rows as any request's are. Raises ScorelineError."""
        self._service.deployments.refresh()
        active = self._service.deployments.route(job.parent, space=job.space)
        body = msgspec.json.encode({"input_data": job.details["input_data"]})
        answer = self._service.plane.answer_one(Asked(DIALECTS["ibm"], body, active, request_id=job.id))
        return msgspec.json.decode(answer.body)["predictions"]


def _failure(error: ScorelineError) -> dict[str, Any]:
    return {"failure": msgspec.json.decode(DIALECTS["ibm"].error(error, ""))["errors"]}
