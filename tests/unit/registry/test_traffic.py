"""Splits, shadows and what logs keep: what may be asked of a deployment, and what it then needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.artifacts import SCHEMA, tiny_artifact

from scoreline.core.entities import LogSettings
from scoreline.core.errors import ArtifactRefused, BadSetting, Conflict, NotFound
from scoreline.core.schema import Column, Schema
from scoreline.registry import Registry


@pytest.fixture
def live(registry: Registry, tmp_path: Path) -> Registry:
    """Four versions of ``credit``: @champion is 1 and deployed as ``live``, @challenger is 2."""
    for number in range(1, 5):
        path = tmp_path / f"{number}.scoreline"
        tiny_artifact(path, weight=number / 1000)
        registry.register(path, "credit")
    registry.promote("credit", 2, "challenger")
    registry.deploy("live", "credit")
    return registry


def weights(registry: Registry) -> list[tuple[str, int, float]]:
    return [(share.reference, share.version, share.weight) for share in registry.deployment("live").split]


def test_a_split_follows_aliases_and_pins_numbers(live: Registry) -> None:
    live.set_split("live", {"challenger": 10, "@4": 2.5})
    assert weights(live) == [("@challenger", 2, 10.0), ("4", 4, 2.5)]
    live.promote("credit", 3, "challenger")
    assert weights(live) == [("@challenger", 3, 10.0), ("4", 4, 2.5)]
    live.set_split("live", {})
    assert weights(live) == []


def test_sticky_stays_until_it_is_said_otherwise_or_the_split_ends(live: Registry) -> None:
    assert not live.set_split("live", {"challenger": 10}).sticky
    assert live.set_split("live", {"challenger": 10}, sticky=True).sticky
    assert live.set_split("live", {"challenger": 25}).sticky
    assert not live.set_split("live", {"challenger": 25}, sticky=False).sticky
    live.set_split("live", {"challenger": 25}, sticky=True)
    assert not live.set_split("live", {}).sticky


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        ({"challenger": 0}, "the weight of challenger is 0: expected a percentage"),
        ({"challenger": -1}, "expected a percentage"),
        ({"challenger": math.nan}, "expected a percentage"),
        ({"challenger": 100.5}, "expected a percentage"),
        ({"challenger": 60, "4": 41}, "add up to 101 percent"),
        ({"challenger": 10, "2": 10}, r"2 is version 2 of credit, which is in the split already \(@challenger\)"),
        ({"1": 10}, r"1 is version 1 of credit, which is what live answers with already \(@champion\)"),
        ({"@": 10}, "''"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused_and_changes_nothing(
    live: Registry, split: dict[str, float], sentence: str
) -> None:
    live.set_split("live", {"3": 1})
    counter = live.change_counter()
    with pytest.raises(BadSetting, match=sentence):
        live.set_split("live", split)
    assert weights(live) == [("3", 3, 1.0)]
    assert live.change_counter() == counter


def test_all_requests_may_go_to_the_split(live: Registry) -> None:
    live.set_split("live", {"2": 33.3, "3": 33.3, "4": 33.4})
    assert [version for _, version, _ in weights(live)] == [2, 3, 4]


def test_what_is_not_there_gets_no_requests(live: Registry) -> None:
    with pytest.raises(NotFound, match="no alias 'challengre' of credit"):
        live.set_split("live", {"challengre": 10})
    with pytest.raises(NotFound, match="no version 9 of credit"):
        live.set_shadow("live", "9")
    with pytest.raises(NotFound, match="no deployment 'life'"):
        live.set_split("life", {"challenger": 10})


def test_a_shadow_follows_an_alias_until_it_ends(live: Registry) -> None:
    shadow = live.set_shadow("live", "challenger", 20).shadow
    assert shadow is not None
    assert (shadow.reference, shadow.version, shadow.share) == ("@challenger", 2, 20.0)
    assert live.set_shadow("live", None).shadow is None


@pytest.mark.parametrize(
    ("reference", "share", "sentence"),
    [("challenger", 0, "the share of the shadow is 0"), ("1", 10, "which live answers with already")],
)
def test_a_shadow_that_makes_no_sense_is_refused(live: Registry, reference: str, share: float, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        live.set_shadow("live", reference, share)


@pytest.mark.parametrize(
    "use",
    [
        lambda registry: registry.set_split("live", {"@challenger": 10}),
        lambda registry: registry.set_shadow("live", "@challenger"),
    ],
    ids=["split", "shadow"],
)
def test_what_a_split_or_a_shadow_needs_is_not_deleted(live: Registry, use: Callable[[Registry], object]) -> None:
    use(live)
    for delete in (lambda: live.delete_version("credit", 2), lambda: live.delete_alias("credit", "challenger")):
        with pytest.raises(Conflict, match="is in the split or the shadow of live") as caught:
            delete()
        assert caught.value.hint == "scoreline traffic live --clear ends both"
    with pytest.raises(Conflict, match="model credit is deployed as live"):
        live.delete_model("credit")
    live.set_split("live", {})
    live.set_shadow("live", None)
    live.delete_alias("credit", "challenger")
    live.delete_version("credit", 2)


def test_another_target_ends_split_and_shadow_and_keeps_what_the_log_keeps(live: Registry) -> None:
    live.set_split("live", {"challenger": 10}, sticky=True)
    live.set_shadow("live", "3")
    kept = live.set_log("live", sample=5, hide=["age"]).log
    same = live.deploy("live", "credit", default=False)
    assert (len(same.split), same.sticky, same.shadow is None) == (1, True, False)
    other = live.deploy("live", "credit@challenger")
    assert (other.split, other.sticky, other.shadow, other.log) == ((), False, None, kept)


def test_every_change_of_traffic_and_log_is_counted(live: Registry) -> None:
    counters = [live.change_counter()]
    for change in (
        lambda: live.set_split("live", {"challenger": 10}),
        lambda: live.set_shadow("live", "3"),
        lambda: live.set_log("live", enabled=False),
    ):
        change()
        counters.append(live.change_counter())
    assert counters == sorted(set(counters))


def test_a_log_keeps_what_was_said_last_of_each_switch(live: Registry) -> None:
    live.set_log("live", hide=["age"], sample=10)
    live.set_log("live", hide=["amount", "age"], enabled=False)
    assert live.deployment("live").log == LogSettings(enabled=False, sample=10.0, hidden=("age", "amount"))
    live.set_log("live", show=["age"], enabled=True)
    assert live.deployment("live").log == LogSettings(enabled=True, sample=10.0, hidden=("amount",))


def test_a_sample_is_a_percentage(live: Registry) -> None:
    for sample in (0, -1, 101, math.inf, math.nan):
        with pytest.raises(BadSetting, match="the sample of the prediction log"):
            live.set_log("live", sample=sample)


def test_a_column_to_hide_is_one_of_a_version_that_the_deployment_needs(live: Registry, tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "other", schema=Schema(columns=(*SCHEMA.columns, Column(name="zip", type="category"))))
    other = live.register(tmp_path / "other", "credit")
    with pytest.raises(BadSetting, match="no column `zip` in version 1 of credit"):
        live.set_log("live", hide=["zip"])
    live.set_shadow("live", str(other.number))
    live.set_log("live", hide=["zip"])
    with pytest.raises(BadSetting, match="no column `agee`") as caught:
        live.set_log("live", hide=["agee"])
    assert caught.value.hint == "did you mean age?"
    with pytest.raises(BadSetting, match="column `age` is stored already") as caught:
        live.set_log("live", show=["age"])
    assert caught.value.hint == "hidden are zip"


def test_a_damaged_file_is_in_the_way_only_of_the_columns_of_no_other_version(live: Registry) -> None:
    live.set_split("live", {"challenger": 10})
    damaged = live.artifact(live.resolve("credit", "2").digest)
    damaged.write_bytes(damaged.read_bytes()[:-200])
    live.set_log("live", hide=["age"])
    with pytest.raises(ArtifactRefused):
        live.set_log("live", hide=["agee"])
