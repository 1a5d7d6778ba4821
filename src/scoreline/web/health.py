"""Is the process alive, has it started, may it be sent requests? Routes for probes, each about this worker alone."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from scoreline.core.access import DEFAULT_SPACE, Access
from scoreline.core.errors import ScorelineError
from scoreline.serving.active import Active
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.protocols.dialect import Reply
from scoreline.web.endpoint import RETRY, Endpoint, WriteError
from scoreline.web.gate import NOBODY
from scoreline.web.reach import whoever
from scoreline.web.watch import Watch

TEST_SECONDS = 1.0
"""How long the outcome of a self-test is believed: probes may come as often as they like."""

log = logging.getLogger("scoreline.web")
clock = time.monotonic


def health_routes(deployments: ActiveDeployments, health: Health, write_error: WriteError) -> list[Route]:
    """Return ``/health/live``, ``/health/startup``, ``/health/ready``."""

    async def live(_: Request) -> Reply:
        return _reply(health.told("live"))

    async def startup(_: Request) -> Reply:
        return _reply(health.told("started" if deployments.were_tried else "starting"), well=deployments.were_tried)

    async def ready(request: Request) -> Reply:
        report = await asyncio.to_thread(health.readiness, await whoever(request))
        return _reply(report, well=report["status"] == "ready")

    views = {
        "/health/live": live,
        "/health/startup": startup,
        "/health/ready": ready,
    }
    return [Route(path, Endpoint({"GET": view}, write_error, "nothing")) for path, view in views.items()]


class Health:
    """What a worker says of itself."""

    def __init__(self, deployments: ActiveDeployments, watch: Watch) -> None:
        self._deployments = deployments
        self._watch = watch
        self._testing = threading.Lock()
        self._tested: dict[Active, tuple[str, float]] = {}

    @property
    def is_draining(self) -> bool:
        """Whether the server was asked to stop: it answers what it accepted."""
        return self._watch.server is not None and self._watch.server.should_exit

    def told(self, status: str) -> dict[str, Any]:
        """Return what every answer says: ``status``, and of which process."""
        return {"status": status, "worker": self._watch.seat.worker, "pid": os.getpid()}

    def readiness(self, access: Access = NOBODY) -> dict[str, Any]:
        """Say whether requests are welcome: every deployment has versions that score their sample rightly.

        That is about all spaces; deployments are told of only to those who may see them.
        """
        report: dict[str, Any] = {}
        ready = True
        for state in self._deployments.all_states():
            problem = self.problem(state.name, state.space)
            ready = ready and not problem
            if not access.may("view", state.space, state.name):
                continue
            told: dict[str, Any] = {"status": "failed" if problem else state.status, "version": state.version}
            if problem or state.reason:
                told["reason"] = problem or state.reason
            report[state.full_name] = told
        answer = self.told("draining" if self.is_draining else "ready" if ready else "not_ready")
        answer["deployments"] = report
        if self._deployments.problem:
            answer["problem"] = self._deployments.problem
        return answer

    def problem(self, name: str | None, space: str = DEFAULT_SPACE) -> str:
        """Return why a deployment does not answer as it should; empty: it does."""
        try:
            answering = self._deployments.answering(name, space)
        except ScorelineError as error:
            return str(error)
        with self._testing:
            return next(filter(None, map(self._problem_of, answering)), "")

    def _problem_of(self, active: Active) -> str:
        problem, tested_at = self._tested.get(active, ("", -TEST_SECONDS))
        now = clock()
        if now - tested_at >= TEST_SECONDS:
            problem = _self_test(active)
            fresh = {one: found for one, found in self._tested.items() if now - found[1] < TEST_SECONDS}
            self._tested = {**fresh, active: (problem, clock())}
        return problem


def _self_test(active: Active) -> str:
    try:
        active.pipeline.self_test()
    except ScorelineError as error:
        return f"version {active.version}: {error}"
    except Exception as error:
        log.exception("the self-test of deployment `%s`, version %d, failed", active.full_name, active.version)
        return f"version {active.version}: the self-test failed: {type(error).__name__}"
    return ""


def _reply(answer: Mapping[str, Any], *, well: bool = True) -> Reply:
    return Reply(msgspec.json.encode(answer), status=200 if well else 503, headers=() if well else RETRY)
