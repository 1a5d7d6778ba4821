from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts import ROWS, tiny_artifact
from tests.unit.serving.conftest import Clock, spoil

from scoreline.app.settings import App
from scoreline.core.errors import NotFound, Unavailable
from scoreline.serving.deployments import RETRY_SECONDS, ActiveDeployments


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def active(app: App, clock: Clock) -> ActiveDeployments:
    return ActiveDeployments(app.registry, clock=clock)


def register(app: App, tmp_path: Path, weight: float, model: str = "credit") -> int:
    file = tmp_path / "one.scoreline"
    tiny_artifact(file, name=model, weight=weight)
    return app.registry.register(file).number


def test_nothing_deployed_says_how_to_deploy(active: ActiveDeployments) -> None:
    active.refresh()
    with pytest.raises(NotFound, match="scoreline deploy"):
        active.get("credit")
    assert active.states() == []
    assert active.default_in() is None


def test_a_promoted_version_answers_after_the_next_look(app: App, active: ActiveDeployments, tmp_path: Path) -> None:
    register(app, tmp_path, 0.001)
    app.registry.deploy("credit-risk", "credit")
    active.refresh()
    before = active.get("credit-risk")
    second = register(app, tmp_path, 0.002)
    active.refresh()
    assert active.get("credit-risk") is before
    app.registry.promote("credit", second)
    active.refresh()
    assert (before.version, active.get("credit-risk").version) == (1, 2)
    assert before.pipeline.score(ROWS).records() != active.get("credit-risk").pipeline.score(ROWS).records()


def test_a_rollback_finds_the_version_before_still_loaded(app: App, active: ActiveDeployments, tmp_path: Path) -> None:
    register(app, tmp_path, 0.001)
    app.registry.deploy("credit", "credit")
    active.refresh()
    first = active.get("credit").pipeline
    app.registry.promote("credit", register(app, tmp_path, 0.002))
    active.refresh()
    assert active.state("credit").previous_version == 1
    spoil(app, "credit", 1)
    app.registry.rollback("credit")
    active.refresh()
    assert active.get("credit").pipeline is first
    assert active.state("credit").status == "ready"


def test_a_version_that_fails_is_not_switched_to_and_says_why(
    app: App, active: ActiveDeployments, tmp_path: Path
) -> None:
    register(app, tmp_path, 0.001)
    app.registry.deploy("credit", "credit")
    active.refresh()
    second = register(app, tmp_path, 0.002)
    spoil(app, "credit", second)
    app.registry.promote("credit", second)
    active.refresh()
    state = active.state("credit")
    assert (state.status, state.version, state.wanted_version) == ("held", 1, 2)
    assert state.reason.startswith("version 2 of `credit` cannot be loaded: ")
    assert active.get("credit").version == 1


def test_a_failed_version_is_tried_again_after_a_while(
    app: App, active: ActiveDeployments, clock: Clock, tmp_path: Path
) -> None:
    register(app, tmp_path, 0.001)
    content = spoil(app, "credit", 1)
    app.registry.deploy("credit", "credit")
    active.refresh()
    assert active.state("credit").status == "failed"
    with pytest.raises(Unavailable, match="no version that works"):
        active.get("credit")
    app.registry.artifact(app.registry.resolve("credit").digest).write_bytes(content)
    active.refresh()
    assert active.state("credit").status == "failed"
    clock.now += RETRY_SECONDS
    active.refresh()
    assert active.state("credit").status == "ready"


def test_one_broken_deployment_does_not_touch_the_others(app: App, active: ActiveDeployments, tmp_path: Path) -> None:
    register(app, tmp_path, 0.001, "credit")
    register(app, tmp_path, 0.002, "cooling")
    spoil(app, "cooling", 1)
    app.registry.deploy("cooling", "cooling")
    app.registry.deploy("credit", "credit")
    active.refresh()
    assert active.get("credit").version == 1
    assert [found.name for found in active.actives()] == ["credit"]


def test_what_a_request_resolved_outlives_an_undeploy(app: App, active: ActiveDeployments, tmp_path: Path) -> None:
    register(app, tmp_path, 0.001)
    app.registry.deploy("credit", "credit")
    active.refresh()
    held = active.get("credit")
    app.registry.undeploy("credit")
    active.refresh()
    with pytest.raises(NotFound):
        active.get("credit")
    assert len(held.pipeline.score(ROWS)) == len(ROWS)


def test_two_deployments_of_one_version_share_what_is_loaded(
    app: App, active: ActiveDeployments, tmp_path: Path
) -> None:
    register(app, tmp_path, 0.001)
    app.registry.deploy("a", "credit")
    app.registry.deploy("b", "credit", "1")
    active.refresh()
    assert active.get("a").pipeline is active.get("b").pipeline


def test_the_default_deployment_is_the_marked_one_or_the_only_one(
    app: App, active: ActiveDeployments, tmp_path: Path
) -> None:
    register(app, tmp_path, 0.001)
    app.registry.deploy("a", "credit", default=False)
    active.refresh()
    assert active.get().name == "a"
    app.registry.deploy("b", "credit", default=False)
    active.refresh()
    with pytest.raises(NotFound, match="no default deployment"):
        active.get()
    app.registry.deploy("b", "credit", default=True)
    active.refresh()
    assert active.get().name == "b"


def test_the_source_is_followed_until_closed(app: App, active: ActiveDeployments, tmp_path: Path) -> None:
    register(app, tmp_path, 0.001)
    app.registry.deploy("credit", "credit")
    active.start()
    assert active.get("credit").version == 1
    active.close()
    assert active.get("credit").version == 1
