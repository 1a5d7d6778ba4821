"""What a worker tells those who probe it."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import App
from scoreline.core.access import ANYONE
from scoreline.scoring.pipeline import load
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.meters import Meters
from scoreline.web import health as module
from scoreline.web.app import create_app
from scoreline.web.health import Health
from scoreline.web.seat import ALONE, Seat
from scoreline.web.server import Server, background, bind
from scoreline.web.watch import Watch


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time by the clock of self-tests, to be set."""
    time = [100.0]
    monkeypatch.setattr(module, "clock", lambda: time[0])
    return time


def following(app: App) -> tuple[ActiveDeployments, Health]:
    deployments = ActiveDeployments(app.registry)
    health = Health(deployments, Watch(Meters(), Seat(worker=2), lambda name, space: str(name)))
    return deployments, health


def test_every_answer_tells_whose_it_is(http: httpx.Client) -> None:
    whose = {"worker": 0, "pid": os.getpid()}
    assert http.get("/health/live").json() == {"status": "live", **whose}
    assert http.get("/health/startup").json() == {"status": "started", **whose}
    ready = http.get("/health/ready")
    assert ready.status_code == 200
    deployments = {name: {"status": "ready", "version": 1} for name in ("credit", "price")}
    assert ready.json() == {"status": "ready", **whose, "deployments": deployments}


def test_a_worker_has_started_when_every_deployment_was_tried(app: App) -> None:
    app.registry.artifact(app.registry.deployment("price").digest).write_bytes(b"PK")
    deployments, _ = following(app)
    assert not deployments.were_tried
    deployments.refresh()
    assert deployments.were_tried


def test_a_worker_whose_model_is_broken_is_not_ready_and_says_why(app: App, tmp_path: Path, now: list[float]) -> None:
    deployments, health = following(app)
    deployments.refresh()
    assert health.readiness(ANYONE)["status"] == "ready"
    tiny_artifact(tmp_path / "other", weight=0.5)
    pipeline = deployments.get("credit").pipeline
    pipeline.sample = load(tmp_path / "other").sample
    now[0] += module.TEST_SECONDS
    report = health.readiness(ANYONE)
    assert (report["status"], report["worker"]) == ("not_ready", 2)
    assert report["deployments"]["price"]["status"] == "ready"
    assert report["deployments"]["credit"]["status"] == "failed"
    assert report["deployments"]["credit"]["reason"].startswith("version 1: ")


def test_a_version_that_answers_a_share_counts_too(app: App, tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "second", weight=0.5)
    app.registry.register(tmp_path / "second", "credit")
    app.registry.set_split("credit", {"2": 10.0})
    deployments, health = following(app)
    deployments.refresh()
    assert [active.version for active in deployments.answering("credit")] == [1, 2]
    deployments.answering("credit")[1].pipeline.sample = deployments.get("credit").pipeline.sample
    assert health.readiness(ANYONE)["deployments"]["credit"]["reason"].startswith("version 2: ")


def test_a_sample_is_scored_once_a_second_and_at_once_for_a_new_version(
    app: App, tmp_path: Path, now: list[float]
) -> None:
    deployments, health = following(app)
    deployments.refresh()
    assert health.problem("credit") == ""
    broken = load(tiny(tmp_path / "other")).sample
    deployments.get("credit").pipeline.sample = broken
    now[0] += module.TEST_SECONDS / 2
    assert health.problem("credit") == ""
    now[0] += module.TEST_SECONDS / 2
    assert health.problem("credit") != ""
    app.registry.register(tmp_path / "other", "credit")
    app.registry.promote("credit", 2)
    deployments.refresh()
    assert health.problem("credit") == ""


def tiny(path: Path) -> Path:
    tiny_artifact(path, weight=0.5)
    return path


def test_a_server_that_stops_wants_no_more_requests(app: App) -> None:
    deployments = ActiveDeployments(app.registry)
    deployments.refresh()
    watch = Watch(Meters(), ALONE, lambda name, space: str(name))
    health = Health(deployments, watch)
    with bind(port=0) as listening:
        watch.server = Server(create_app(app.registry), listening)
        assert health.readiness(ANYONE)["status"] == "ready"
        watch.server.should_exit = True
        assert health.readiness(ANYONE)["status"] == "draining"
    assert health.is_draining


def test_a_server_knows_itself(app: App) -> None:
    with background(create_app(app.registry), bind(port=0)) as url:
        assert httpx.get(f"{url}/metrics").text.count("\nscoreline_connections 1\n") == 1
