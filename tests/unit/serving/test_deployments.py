from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts import ROWS, tiny_artifact
from tests.unit.serving.conftest import Clock, spoil

from scoreline.app.settings import App
from scoreline.core.errors import NotFound, Unavailable
from scoreline.registry import Registry
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


@pytest.fixture
def team(app: App, tmp_path: Path) -> Registry:
    """Another space, where a deployment `credit` answers with another version than that of the default space."""
    app.security.create_space("team")
    register(app, tmp_path, 0.001)
    app.registry.deploy("credit", "credit")
    registry = app.registry_in("team")
    tiny_artifact(tmp_path / "one.scoreline", weight=0.5)
    registry.register(tmp_path / "one.scoreline")
    registry.deploy("credit", "credit")
    return registry


def test_spaces_have_deployments_of_the_same_name_and_a_default_one_each(
    app: App, team: Registry, active: ActiveDeployments, tmp_path: Path
) -> None:
    app.registry.deploy("more", "credit", default=True)
    active.refresh()
    here, there = active.get("credit"), active.get("credit", "team")
    assert (here.space, here.full_name, there.space, there.full_name) == ("default", "credit", "team", "team/credit")
    assert here.pipeline.score(ROWS).records() != there.pipeline.score(ROWS).records()
    assert (active.get().name, active.get(space="team").name) == ("more", "credit")
    assert (active.default_in(), active.default_in("team"), active.default_in("nowhere")) == ("more", "credit", None)
    assert (active.names_in(), active.names_in("team"), active.names_in("nowhere")) == (
        ["credit", "more"],
        ["credit"],
        [],
    )
    assert [state.full_name for state in active.all_states()] == ["credit", "more", "team/credit"]
    assert [state.default for state in active.states("team")] == [True]
    assert active.actives("team") == [there] == active.answering("credit", "team")
    assert (active.full_name("credit", "team"), active.full_name("more", "team")) == ("team/credit", "")
    team.undeploy("credit")
    active.refresh()
    assert active.names_in("team") == []
    assert active.get("credit") is here


def test_an_error_names_nothing_of_another_space(app: App, team: Registry, active: ActiveDeployments) -> None:
    app.registry.deploy("hidden", "credit")
    active.refresh()
    for ask in (active.get, active.state, active.answering):
        with pytest.raises(NotFound) as caught:
            ask("hiddem", "team")
        assert caught.value.hint == "deployments: credit"
    with pytest.raises(NotFound, match="scoreline deploy"):
        active.route("credit", space="nowhere")


def test_a_deployment_is_found_by_its_id_from_any_space(team: Registry, active: ActiveDeployments) -> None:
    active.refresh()
    identity = team.deployment("credit").id
    there = active.get("credit", "team")
    assert active.get(identity) is active.route(identity, space="nowhere") is there
    assert there.id == active.state(identity).id == identity
    team.deploy(identity, "credit")  # a name that looks like an id is a name, where it is one
    active.refresh()
    assert active.get(identity, "team").name == identity
    assert active.get(identity, "default").name == "credit"


def test_what_another_space_lacks_is_not_told_to_those_who_know_an_id(
    app: App, team: Registry, active: ActiveDeployments
) -> None:
    app.registry.artifact(team.deployment("credit").digest).write_bytes(b"PK")
    active.refresh()
    with pytest.raises(Unavailable, match="has no version that works"):
        active.get("credit", "team")
    with pytest.raises(NotFound):
        active.route(team.deployment("credit").id)


def test_a_deployment_made_anew_has_nothing_of_the_one_before(
    team: Registry, active: ActiveDeployments, app: App, tmp_path: Path
) -> None:
    active.refresh()
    before = active.state("credit", "team")
    tiny_artifact(tmp_path / "one.scoreline", weight=0.7)
    second = team.register(tmp_path / "one.scoreline").number
    team.undeploy("credit")
    app.registry.artifact(team.resolve("credit", str(second)).digest).write_bytes(b"PK")
    team.deploy("credit", "credit", str(second))
    active.refresh()
    assert active.state("credit", "team").id != before.id
    with pytest.raises(Unavailable):  # an earlier version goes on only for the deployment that it was of
        active.get("credit", "team")
