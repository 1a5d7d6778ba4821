from __future__ import annotations

import pytest
from tests.artifacts import tiny_artifact

from scoreline.core.errors import BadSetting, Forbidden, Unauthenticated
from scoreline.registry import Registry
from scoreline.security import Security
from scoreline.storage.artifacts import LocalArtifacts


def test_a_deployments_two_keys_score_it_and_can_be_shown_again(security: Security, store, clock) -> None:
    shown = security.deployment_keys("default", "credit")
    assert shown.primary != shown.secondary
    assert Security(store, clock=clock).deployment_keys("default", "credit") == shown
    for secret in (shown.primary, shown.secondary):
        access = security.authenticate_secret(secret)
        assert access.may("score", "default", "credit")
        assert not access.may("score", "default", "fraud")
        assert not access.may("edit", "default", "credit")
    assert security.deployment_keys("default", "fraud").primary != shown.primary
    assert shown.primary not in repr(shown)


def test_each_of_them_is_made_anew_by_itself(security: Security) -> None:
    before = security.deployment_keys("default", "credit")
    counter = security.change_counter()
    after = security.regenerate_deployment_key("default", "credit", "primary")
    assert security.change_counter() > counter
    assert (after.secondary, after.primary != before.primary) == (before.secondary, True)
    with pytest.raises(Unauthenticated, match="was revoked"):
        security.authenticate_secret(before.primary)
    assert security.authenticate_secret(after.primary).name == "credit (primary)"
    assert security.authenticate_secret(before.secondary).name == "credit (secondary)"
    assert security.deployment_keys("default", "credit") == after


def test_one_that_was_revoked_by_itself_is_made_anew_when_it_is_next_shown(security: Security) -> None:
    before = security.deployment_keys("default", "credit")
    security.revoke_key("credit (secondary)")
    after = security.deployment_keys("default", "credit")
    assert after.primary == before.primary
    assert after.secondary != before.secondary


def test_a_deployment_of_the_same_name_made_later_has_other_keys(security: Security, store, tmp_path) -> None:
    tiny_artifact(tmp_path / "credit.scoreline")
    registry = Registry(store._metadata, LocalArtifacts(tmp_path / "artifacts"))
    registry.register(tmp_path / "credit.scoreline", "credit")
    for name in ("credit", "other"):
        registry.deploy(name, "credit")
    before, other = (security.deployment_keys("default", name) for name in ("credit", "other"))
    counter = security.change_counter()
    registry.undeploy("credit")
    assert security.change_counter() > counter
    with pytest.raises(Unauthenticated, match="was revoked"):
        security.authenticate_secret(before.primary)
    assert security.deployment_keys("default", "other") == other
    registry.deploy("credit", "credit")
    after = security.deployment_keys("default", "credit")
    assert {after.primary, after.secondary}.isdisjoint({before.primary, before.secondary})


def test_a_key_of_some_deployments_loses_one_that_is_taken_away_and_ends_with_the_last(
    security: Security, store, tmp_path
) -> None:
    tiny_artifact(tmp_path / "credit.scoreline")
    registry = Registry(store._metadata, LocalArtifacts(tmp_path / "artifacts"))
    registry.register(tmp_path / "credit.scoreline", "credit")
    early = security.create_key("early", deployments=("credit",), role="scorer").secret
    for name in ("credit", "fraud"):
        registry.deploy(name, "credit")
    both = security.create_key("both", deployments=("credit", "fraud"), role="scorer").secret
    other = security.create_key("other", deployments=("fraud",), role="scorer").secret
    all_ = security.create_key("all", role="scorer").secret
    elsewhere = security.create_key("elsewhere", role="scorer", deployments=("credit",), space=_space(security)).secret
    assert security.authenticate_secret(early).may("score", "default", "credit"), (
        "of a deployment that is still to come"
    )
    counter = security.change_counter()
    registry.undeploy("credit")
    registry.deploy("credit", "credit")
    assert security.change_counter() > counter
    with pytest.raises(Unauthenticated, match="was revoked"):
        security.authenticate_secret(early)
    assert (
        security.authenticate_secret(both).deployments == security.authenticate_secret(other).deployments == {"fraud"}
    )
    assert security.authenticate_secret(all_).may("score", "default", "credit")
    assert security.authenticate_secret(elsewhere).deployments == {"credit"}


def test_a_deployment_that_is_to_come_back_keeps_its_keys(security: Security, store, tmp_path) -> None:
    tiny_artifact(tmp_path / "credit.scoreline")
    registry = Registry(store._metadata, LocalArtifacts(tmp_path / "artifacts"))
    registry.register(tmp_path / "credit.scoreline", "credit")
    registry.deploy("credit", "credit")
    limited = security.create_key("one", deployments=("credit",), role="scorer").secret
    own = security.deployment_keys("default", "credit")
    registry.undeploy("credit", keep_keys=True)
    registry.deploy("credit", "credit")
    assert security.authenticate_secret(limited).may("score", "default", "credit")
    assert security.deployment_keys("default", "credit") == own


def _space(security: Security) -> str:
    return security.create_space("cards").name


def test_deployments_of_one_name_in_two_spaces_have_keys_of_their_own(security: Security) -> None:
    security.create_space("cards")
    here, there = security.deployment_keys("default", "credit"), security.deployment_keys("cards", "credit")
    assert here.primary != there.primary
    access = security.authenticate_secret(there.primary)
    assert access.space == "cards"
    assert not access.may("score", "default", "credit")


def test_another_installations_secret_gives_other_keys_and_ends_those_given_out_when_they_are_shown(
    store, clock
) -> None:
    before = Security(store, "a" * 32, clock=clock).deployment_keys("default", "credit")
    other = Security(store, "b" * 32, clock=clock)
    after = other.deployment_keys("default", "credit")
    assert {after.primary, after.secondary}.isdisjoint({before.primary, before.secondary})
    with pytest.raises(Unauthenticated, match="revoked"):
        other.authenticate_secret(before.primary)


def test_who_may_only_score_makes_no_key_anew(security: Security) -> None:
    scorer = security.authenticate_secret(security.create_key("ci", role="scorer").secret)
    with pytest.raises(Forbidden, match="needs the role editor"):
        security.regenerate_deployment_key("default", "credit", "primary", by=scorer)
    with pytest.raises(BadSetting, match="no 'third' key"):
        security.regenerate_deployment_key("default", "credit", "third")  # type: ignore[arg-type]
