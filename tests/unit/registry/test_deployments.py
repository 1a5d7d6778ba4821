from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts import tiny_artifact

from scoreline.core.errors import BadSetting, NotFound
from scoreline.registry import Registry


@pytest.fixture
def credit(registry: Registry, tmp_path: Path) -> Registry:
    """Two versions of ``credit``; the first is champion."""
    for number in (1, 2):
        path = tmp_path / f"{number}.scoreline"
        tiny_artifact(path, weight=number / 1000)
        registry.register(path, "credit")
    return registry


def test_a_deployment_follows_the_champion(credit: Registry) -> None:
    deployment = credit.deploy("live", "credit")
    assert (deployment.reference, deployment.version) == ("@champion", 1)
    promoted = credit.promote("credit", 2)
    followed = credit.deployment("live")
    assert (followed.version, followed.digest) == (2, credit.resolve("credit@2").digest)
    assert followed.updated_at == promoted.changed_at
    credit.rollback("credit")
    assert credit.deployment("live").version == 1


def test_a_pinned_deployment_stays(credit: Registry) -> None:
    credit.deploy("live", "credit@1")
    credit.promote("credit", 2)
    deployment = credit.deployment("live")
    assert (deployment.reference, deployment.version) == ("1", 1)


def test_deploying_again_under_a_name_changes_what_answers(credit: Registry) -> None:
    before = credit.deploy("live", "credit")
    after = credit.deploy("live", "credit", "2")
    assert (after.reference, after.version, after.created_at) == ("2", 2, before.created_at)
    assert len(credit.deployments()) == 1


def test_the_first_deployment_is_the_default_until_another_is_asked_to_be(credit: Registry) -> None:
    assert credit.deploy("a", "credit").default
    assert not credit.deploy("b", "credit").default
    assert credit.deploy("a", "credit@2").default
    assert credit.deploy("b", "credit", default=True).default
    assert [d.name for d in credit.deployments() if d.default] == ["b"]


def test_when_the_default_goes_nobody_takes_its_place_unasked(credit: Registry) -> None:
    credit.deploy("a", "credit")
    credit.deploy("b", "credit")
    credit.undeploy("a")
    assert [d.default for d in credit.deployments()] == [False]
    assert credit.deploy("c", "credit").default


def test_every_change_that_deployments_follow_is_counted(credit: Registry) -> None:
    counters = [credit.change_counter()]
    for change in (
        lambda: credit.deploy("live", "credit"),
        lambda: credit.promote("credit", 2),
        lambda: credit.rollback("credit"),
        lambda: credit.undeploy("live"),
    ):
        change()
        counters.append(credit.change_counter())
    assert counters == sorted(set(counters))


def test_what_is_not_there_cannot_be_deployed(credit: Registry) -> None:
    counter = credit.change_counter()
    with pytest.raises(NotFound, match="no model 'debit'"):
        credit.deploy("live", "debit")
    with pytest.raises(NotFound, match="no version 3 of credit"):
        credit.deploy("live", "credit@3")
    with pytest.raises(BadSetting, match="try 'my-live'"):
        credit.deploy("my live", "credit")
    assert credit.deployments() == []
    assert credit.change_counter() == counter


def test_an_unknown_deployment_is_answered_with_those_like_it(credit: Registry) -> None:
    credit.deploy("credit-risk", "credit")
    with pytest.raises(NotFound, match="there is credit-risk"):
        credit.undeploy("credit-rsik")
