from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts import tiny_artifact

from scoreline.app import deployments, models
from scoreline.app.inspect import inspect
from scoreline.app.settings import App
from scoreline.core.errors import ArtifactRefused, BadSetting, Conflict, NotFound


@pytest.fixture
def credit(app: App, tmp_path: Path) -> App:
    """Two versions of ``credit``; the first is champion."""
    for number in (1, 2):
        tiny_artifact(tmp_path / f"{number}.scoreline", weight=number / 1000)
        models.register(app, tmp_path / f"{number}.scoreline")
    return app


def test_the_life_of_a_model(credit: App) -> None:
    assert [model.name for model in models.models(credit)] == ["credit"]
    assert [version.number for version in models.versions(credit, "credit")] == [2, 1]
    assert models.promote(credit, "credit@2").version == 2
    assert models.version(credit, "credit").number == 2
    assert models.rollback(credit, "credit").version == 1
    assert len(models.history(credit, "credit")) == 3
    models.delete(credit, "credit@2")
    assert [version.number for version in models.versions(credit, "credit")] == [1]
    models.delete(credit, "credit")
    assert models.models(credit) == []


def test_a_promotion_can_follow_another_alias(credit: App) -> None:
    models.promote(credit, "credit@2", alias="challenger")
    assert models.promote(credit, "credit@challenger").version == 2


def test_a_promotion_says_which_versions_there_are_when_none_is_said(credit: App) -> None:
    with pytest.raises(BadSetting, match="one of credit@2, credit@1"):
        models.promote(credit, "credit")


def test_deployments_come_and_go(credit: App) -> None:
    assert deployments.deploy(credit, "credit").deployment.name == "credit"
    assert deployments.deploy(credit, "credit@2", "pinned").deployment.reference == "2"
    assert [d.name for d in deployments.deployments(credit)] == ["credit", "pinned"]
    with pytest.raises(Conflict, match="credit@2 is deployed as pinned"):
        models.delete(credit, "credit@2")
    deployments.undeploy(credit, "pinned")
    models.delete(credit, "credit@2")
    assert deployments.deployment(credit, "credit").version == 1


def test_a_version_that_cannot_answer_is_not_deployed(credit: App) -> None:
    kept = credit.registry.artifact(models.version(credit, "credit").digest)
    kept.write_bytes(kept.read_bytes()[:-100])
    with pytest.raises(ArtifactRefused):
        deployments.deploy(credit, "credit")
    kept.unlink()
    with pytest.raises(NotFound, match="register its file again"):
        deployments.deploy(credit, "credit")
    assert deployments.deployments(credit) == []


def test_an_inspection_is_the_manifest_and_the_facts_of_the_file(credit: App, tmp_path: Path) -> None:
    report = inspect(credit, str(tmp_path / "1.scoreline")).to_json()
    assert report["target"] == "risk"
    assert report["parity"]["passed"] is True
    assert report["size_bytes"] == (tmp_path / "1.scoreline").stat().st_size
    assert 0 < report["graph_size_bytes"] < report["size_bytes"]
    assert [column["name"] for column in report["schema"]["columns"]] == ["age", "amount", "purpose"]
    assert report["model"] is None


def test_what_is_inspected_may_be_a_deployment_or_a_version(credit: App) -> None:
    deployments.deploy(credit, "credit", "live")
    live = inspect(credit, "live")
    assert (live.deployment, live.model, live.version) == ("live", "credit", 1)
    assert inspect(credit, "credit@2").version == 2


def test_an_unknown_source_is_answered_with_those_like_it(credit: App) -> None:
    deployments.deploy(credit, "credit", "live")
    with pytest.raises(NotFound, match=r"no file or deployment 'lvie'.*there is live"):
        inspect(credit, "lvie")
    with pytest.raises(NotFound, match=r"no file absent\.scoreline"):
        inspect(credit, "absent.scoreline")
