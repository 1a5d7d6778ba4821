"""Which version answers: shares of a split, chance and keys, versions that fail, what a deployment says of it."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.unit.serving.conftest import Clock, spoil

from scoreline.app.settings import App
from scoreline.core.entities import LogSettings
from scoreline.core.errors import NotFound, Unavailable
from scoreline.serving.deployments import RETRY_SECONDS, ActiveDeployments

N = 2000
KEYS = [f"customer-{i}" for i in range(N)]


def versions(active: ActiveDeployments, keys: list[str]) -> list[int]:
    return [active.route("live", key).version for key in keys]


def followed(app: App) -> ActiveDeployments:
    active = ActiveDeployments(app.registry)
    active.refresh()
    return active


def assert_share(n: int, percent: float) -> None:
    """Assert that ``n`` of ``N`` is this share, within four standard deviations."""
    expected = N * percent / 100
    assert abs(n - expected) < 4 * math.sqrt(expected * (1 - percent / 100))


def test_without_a_split_every_request_finds_the_one_version(live: App) -> None:
    active = followed(live)
    assert {id(active.route("live", key)) for key in KEYS[:9]} == {id(active.get("live"))}
    assert active.route() is active.get()
    with pytest.raises(NotFound, match="did you mean `live`"):
        active.route("life")


@pytest.mark.parametrize("sticky", [False, True])
def test_requests_are_split_by_weight(live: App, sticky: bool) -> None:
    live.registry.set_split("live", {"challenger": 30, "3": 5}, sticky=sticky)
    shares = Counter(versions(followed(live), KEYS))
    assert_share(shares[2], 30)
    assert_share(shares[3], 5)
    assert_share(shares[1], 65)


def test_the_same_key_finds_the_same_version_and_no_key_finds_any(live: App) -> None:
    live.registry.set_split("live", {"challenger": 30}, sticky=True)
    active = followed(live)
    for key in KEYS[:20]:
        assert len(set(versions(active, [key] * 50))) == 1
    assert set(versions(active, [""] * N)) == {1, 2}


def test_a_split_that_is_not_sticky_takes_no_notice_of_keys(live: App) -> None:
    live.registry.set_split("live", {"challenger": 30})
    assert_share(Counter(versions(followed(live), [KEYS[0]] * N))[2], 30)


def test_another_process_finds_the_same_version_for_a_key(live: App) -> None:
    live.registry.set_split("live", {"challenger": 30, "3": 20}, sticky=True)
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from scoreline.app.settings import Settings, open_app\n"
        "from scoreline.serving.deployments import ActiveDeployments\n"
        f"with open_app(Settings.of(home={str(live.home)!r}, environment={{}})) as app:\n"
        "    active = ActiveDeployments(app.registry)\n"
        "    active.refresh()\n"
        f"    print([active.route('live', f'customer-{{i}}').version for i in range({N})])"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert other.stdout.strip() == str(versions(followed(live), KEYS))


def test_a_share_that_grows_keeps_its_keys(live: App) -> None:
    live.registry.set_split("live", {"challenger": 10}, sticky=True)
    active = followed(live)
    before = versions(active, KEYS)
    live.registry.set_split("live", {"challenger": 25})
    active.refresh()
    after = versions(active, KEYS)
    assert {was for was, now in zip(before, after, strict=True) if now == 1} == {1}


def test_two_deployments_do_not_try_new_versions_on_the_same_callers(live: App) -> None:
    live.registry.deploy("other", "credit")
    for name in ("live", "other"):
        live.registry.set_split(name, {"challenger": 50}, sticky=True)
    active = followed(live)
    same = sum(active.route("live", key).version == active.route("other", key).version for key in KEYS)
    assert_share(same, 50)


def test_weights_that_add_up_to_all_leave_nothing_to_the_main_version(live: App) -> None:
    live.registry.set_split("live", {"2": 99.9, "3": 0.1})
    active = followed(live)
    assert 1 not in versions(active, KEYS)
    assert active.state("live").percent == 0


def test_an_alias_in_a_split_is_followed(live: App) -> None:
    live.registry.set_split("live", {"challenger": 100})
    active = followed(live)
    assert active.route("live").version == 2
    live.registry.promote("credit", 3, "challenger")
    active.refresh()
    assert active.route("live").version == 3


def test_the_winner_of_a_split_can_be_promoted_and_is_not_loaded_again(live: App) -> None:
    live.registry.set_split("live", {"challenger": 100})
    active = followed(live)
    winner = active.route("live").pipeline
    live.registry.promote("credit", 2)
    live.registry.set_split("live", {})
    spoil(live, "credit", 2)
    active.refresh()
    assert active.get("live").pipeline is winner
    assert active.state("live").previous_version == 1


def test_a_version_of_a_split_that_fails_leaves_its_share_to_the_main_one_and_says_why(live: App) -> None:
    live.registry.set_split("live", {"challenger": 30, "3": 20}, sticky=True)
    before = versions(followed(live), KEYS)
    content = spoil(live, "credit", 2)
    clock = Clock()
    active = ActiveDeployments(live.registry, clock=clock)
    active.refresh()
    assert versions(active, KEYS) == [1 if version == 2 else version for version in before]
    state = active.state("live")
    failed, ready = state.split
    assert (state.status, state.percent) == ("ready", 80)
    assert (failed.status, failed.version, failed.percent) == ("failed", 2, 30)
    assert failed.reason.startswith("version 2 of `credit` cannot be loaded: ")
    assert (ready.status, ready.reason) == ("ready", "")
    live.registry.artifact(live.registry.resolve("credit", "2").digest).write_bytes(content)
    clock.now += RETRY_SECONDS
    active.refresh()
    assert versions(active, KEYS) == before


def test_a_deployment_whose_own_version_fails_is_failed_whatever_its_split(live: App) -> None:
    live.registry.set_split("live", {"challenger": 30})
    spoil(live, "credit", 1)
    active = followed(live)
    assert active.state("live").status == "failed"
    with pytest.raises(Unavailable, match="no version that works"):
        active.route("live")


def test_a_shadow_that_fails_is_left_out_and_says_why(live: App) -> None:
    live.registry.set_shadow("live", "challenger", 20)
    spoil(live, "credit", 2)
    active = followed(live)
    assert active.get("live").shadow is None
    shadow = active.state("live").shadow
    assert shadow is not None
    assert (shadow.status, shadow.version, shadow.percent) == ("failed", 2, 20)
    assert "cannot be loaded" in shadow.reason


def test_every_version_that_answers_has_the_shadow_but_itself(live: App) -> None:
    live.registry.set_split("live", {"challenger": 30, "3": 20}, sticky=True)
    live.registry.set_shadow("live", "challenger", 20)
    active = followed(live)
    answering = {found.version: found for found in (active.route("live", key) for key in KEYS)}
    assert {number: found.shadow and found.shadow.version for number, found in answering.items()} == {
        1: 2,
        2: None,
        3: 2,
    }
    assert [answering[number].shadow_share for number in (1, 2, 3)] == [20, 0, 20]


def test_a_change_of_switches_reaches_what_answers_and_keeps_what_is_loaded(live: App) -> None:
    live.registry.set_split("live", {"challenger": 100})
    active = followed(live)
    before = active.route("live")
    kept = live.registry.set_log("live", sample=10, hide=["age"]).log
    active.refresh()
    after = active.route("live")
    assert (before.log, after.log, active.get("live").log) == (LogSettings(), kept, kept)
    assert after.pipeline is before.pipeline
    live.registry.deploy("other", "credit")
    active.refresh()
    assert active.route("live") is after


def test_log_switches_hold_for_an_earlier_version_that_goes_on_answering(live: App) -> None:
    active = followed(live)
    spoil(live, "credit", 2)
    live.registry.promote("credit", 2)
    live.registry.set_log("live", enabled=False)
    active.refresh()
    assert active.state("live").status == "held"
    assert not active.get("live").log.enabled


def test_what_nobody_needs_any_more_is_let_go(live: App, tmp_path: Path) -> None:
    live.registry.set_split("live", {"2": 10, "3": 10})
    loads: list[tuple[str, str]] = []
    active = ActiveDeployments(live.registry, on_load=lambda name, result, _: loads.append((name, result)))
    active.refresh()
    assert loads == [("live", "ok")] * 3
    live.registry.set_split("live", {})
    active.refresh()
    spoil(live, "credit", 3)
    live.registry.set_split("live", {"3": 10})
    active.refresh()
    assert loads == [("live", "ok")] * 3 + [("live", "failed")]
