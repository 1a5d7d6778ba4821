"""Two spaces that hold the same names: what is done in one is not seen in the other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import App, Settings, open_app
from scoreline.core.errors import NotFound, ScorelineError
from scoreline.registry import Registry

TEAM = "team-a"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default space and ``team-a`` have a model `credit` each, deployed as `live`; only the former has `other`."""
    folder = tmp_path_factory.mktemp("spaces")
    file = folder / "one.scoreline"
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        app.security.create_space(TEAM)
        for registry, weights in ((app.registry, (0.001, 0.002, 0.003)), (app.registry_in(TEAM), (0.5, 0.001))):
            for weight in weights:
                tiny_artifact(file, weight=weight)
                registry.register(file)
            registry.deploy("live", "credit")
        app.registry.register(file, "other")
        app.registry.promote("credit", 3, "challenger")
    return folder


@pytest.fixture
def app(home: Path, tmp_path: Path) -> Iterator[App]:
    """A copy, to be changed."""
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as opened:
        yield opened


def everything(registry: Registry) -> object:
    models = registry.models()
    return (
        models,
        [registry.versions(model.name) for model in models],
        [registry.history(model.name) for model in models],
        registry.deployments(),
    )


def test_each_space_numbers_its_own_versions_and_has_its_own_default(app: App) -> None:
    here, there = app.registry, app.registry_in(TEAM)
    assert [version.number for version in there.versions("credit")] == [2, 1]
    assert [version.space for version in there.versions("credit")] == [TEAM, TEAM]
    assert there.deployment("live").digest != here.deployment("live").digest
    assert [(d.full_name, d.default) for d in here.every_deployment()] == [("live", True), (f"{TEAM}/live", True)]


@pytest.mark.parametrize(
    "change",
    [
        lambda registry: registry.promote("credit", 2),
        lambda registry: (registry.promote("credit", 2), registry.rollback("credit")),
        lambda registry: registry.set_split("live", {"2": 10}, sticky=True),
        lambda registry: registry.set_shadow("live", "2"),
        lambda registry: registry.set_log("live", enabled=False, hide=["age"]),
        lambda registry: registry.deploy("second", "credit", "2", default=True),
        lambda registry: registry.deploy("live", "credit", "2"),
        lambda registry: registry.undeploy("live"),
        lambda registry: (registry.undeploy("live"), registry.delete_model("credit")),
        lambda registry: registry.delete_version("credit", 2),
    ],
)
def test_what_is_changed_in_one_space_stays_as_it_is_in_the_other(
    app: App, change: Callable[[Registry], object]
) -> None:
    here, there = app.registry, app.registry_in(TEAM)
    before, changed = everything(here), everything(there)
    change(there)
    assert everything(there) != changed
    assert everything(here) == before
    for version in here.versions("credit"):
        assert here.artifact(version.digest).exists()


@pytest.mark.parametrize(
    "ask",
    [
        lambda registry: registry.model("other"),
        lambda registry: registry.versions("other"),
        lambda registry: registry.resolve("other@1"),
        lambda registry: registry.resolve("credit@3"),
        lambda registry: registry.resolve("credit@challenger"),
        lambda registry: registry.promote("other", 1),
        lambda registry: registry.rollback("credit", "challenger"),
        lambda registry: registry.delete_model("other"),
        lambda registry: registry.delete_version("credit", 3),
        lambda registry: registry.deploy("other", "other"),
        lambda registry: registry.set_split("live", {"challenger": 10}),
        lambda registry: registry.set_shadow("live", "3"),
    ],
)
def test_what_another_space_has_is_not_found_and_not_named(app: App, ask: Callable[[Registry], object]) -> None:
    before = everything(app.registry)
    with pytest.raises(NotFound) as caught:
        ask(app.registry_in(TEAM))
    assert "there is other" not in caught.value.hint
    assert "3" not in caught.value.hint
    assert everything(app.registry) == before


def test_a_space_that_is_not_there_holds_nothing_and_takes_nothing(app: App, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no space 'nowhere'"):
        _ = app.registry_in("nowhere")
    gone = app.registry_in(TEAM)
    gone.undeploy("live")
    gone.delete_model("credit")
    app.security.delete_space(TEAM)
    with pytest.raises(NotFound, match="no space 'team-a'"):
        gone.register(tmp_path / "one.scoreline")


def test_a_space_that_holds_a_model_stays(app: App) -> None:
    with pytest.raises(ScorelineError, match="not empty") as caught:
        app.security.delete_space(TEAM)
    assert caught.value.kind == "conflict"
    assert app.registry_in(TEAM).model("credit").latest == 2


def test_the_application_is_the_same_in_another_space_but_for_its_registry(app: App) -> None:
    there = app.in_space(TEAM)
    assert there.registry.space == TEAM
    assert app.registry.space == app.in_space("default").registry.space == "default"
    assert there.in_space("default").registry.deployment("live") == app.registry.deployment("live")
    assert there.experiments_folder != app.experiments_folder


def test_files_of_a_space_go_by_its_id_and_go_with_it(app: App) -> None:
    made = app.security.create_space("CON. ä " + "…" * 90)
    there = app.in_space(made.name)
    folder = there.experiments_folder
    assert folder == app.home / "spaces" / made.id / "experiments"
    (folder / "20260501-120000-abc123").mkdir(parents=True)
    app.security.delete_space(made.id)
    assert not folder.exists()
    assert app.in_space(app.security.create_space(made.name).name).experiments_folder != folder


def test_a_space_that_is_not_there_has_no_folder(app: App) -> None:
    for name in ("..", "../..", "/tmp", "nowhere"):
        with pytest.raises(NotFound, match="no space"):
            _ = app.in_space(name).experiments_folder
