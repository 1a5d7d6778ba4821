from __future__ import annotations

from pathlib import Path

import pytest
from tests.artifacts import tiny_artifact

from scoreline.core.errors import BadSetting, Conflict, NotFound
from scoreline.registry import Registry


@pytest.fixture
def credit(registry: Registry, tmp_path: Path) -> Registry:
    """Four versions of ``credit``; the first is champion."""
    for number in range(1, 5):
        path = tmp_path / f"{number}.scoreline"
        tiny_artifact(path, weight=number / 1000)
        registry.register(path, "credit")
    return registry


def champion(registry: Registry) -> int:
    return registry.resolve("credit").number


def test_a_promotion_says_what_it_changed(credit: Registry) -> None:
    change = credit.promote("credit", 2)
    assert (change.previous, change.version, change.action) == (1, 2, "promote")
    assert champion(credit) == 2


def test_a_rollback_goes_back_and_a_second_one_further(credit: Registry) -> None:
    for number in (2, 3):
        credit.promote("credit", number)
    change = credit.rollback("credit")
    assert (change.previous, change.version, change.action) == (3, 2, "rollback")
    credit.rollback("credit")
    assert champion(credit) == 1


def test_a_rollback_with_nothing_before_is_refused(credit: Registry) -> None:
    with pytest.raises(Conflict, match="points to version 1 and to none before it"):
        credit.rollback("credit")
    assert champion(credit) == 1


def test_after_a_rollback_and_a_promotion_the_way_back_leads_over_what_was_rolled_back_to(credit: Registry) -> None:
    for number in (2, 3):
        credit.promote("credit", number)
    credit.rollback("credit")
    credit.promote("credit", 4)
    assert credit.rollback("credit").version == 2
    assert credit.rollback("credit").version == 1


def test_promoting_what_is_promoted_changes_nothing(credit: Registry) -> None:
    credit.promote("credit", 2)
    counter = credit.change_counter()
    change = credit.promote("credit", 2)
    assert (change.previous, change.version) == (2, 2)
    assert credit.change_counter() == counter
    assert credit.rollback("credit").version == 1


def test_a_version_deleted_since_is_passed_over(credit: Registry) -> None:
    for number in (2, 3):
        credit.promote("credit", number)
    credit.delete_version("credit", 2)
    assert credit.rollback("credit").version == 1


def test_a_rollback_never_stays_where_it_is(credit: Registry) -> None:
    for number in (2, 1):
        credit.promote("credit", number)
    credit.delete_version("credit", 2)
    with pytest.raises(Conflict):
        credit.rollback("credit")


def test_every_move_is_kept(credit: Registry) -> None:
    credit.promote("credit", 3)
    credit.rollback("credit")
    moves = [(change.action, change.previous, change.version) for change in credit.history("credit")]
    assert moves == [("rollback", 3, 1), ("promote", 1, 3), ("promote", None, 1)]


def test_aliases_move_apart_from_one_another(credit: Registry) -> None:
    credit.promote("credit", 4, "challenger")
    credit.promote("credit", 2)
    assert credit.model("credit").aliases == {"challenger": 4, "champion": 2}
    with pytest.raises(Conflict):
        credit.rollback("credit", "challenger")


def test_unknown_aliases_and_versions_are_not_found(credit: Registry) -> None:
    with pytest.raises(NotFound, match="there is champion"):
        credit.rollback("credit", "champoin")
    with pytest.raises(NotFound, match="no version 9 of credit"):
        credit.promote("credit", 9)
    with pytest.raises(NotFound, match="no alias 'canary' of credit"):
        credit.history("credit", "canary")
    with pytest.raises(BadSetting):
        credit.promote("credit", 2, "two words")


def test_an_alias_is_deleted_unless_a_deployment_follows_it(credit: Registry) -> None:
    credit.promote("credit", 4, "challenger")
    credit.deploy("shadow", "credit@challenger")
    with pytest.raises(Conflict, match="deployment shadow follows credit@challenger"):
        credit.delete_alias("credit", "challenger")
    credit.undeploy("shadow")
    credit.delete_alias("credit", "challenger")
    assert credit.model("credit").aliases == {"champion": 1}
