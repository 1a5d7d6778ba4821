from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoreline.core.access import ACTIONS, EVERY_SPACE, Access
from scoreline.core.errors import BadSetting, Conflict, Forbidden, NotFound, Unauthenticated
from scoreline.security import Security
from scoreline.security.secrets import digest, key_id


def test_a_key_may_do_what_its_role_says_in_its_space_and_nothing_elsewhere(security: Security) -> None:
    security.create_space("cards")
    access = security.authenticate_secret(security.create_key("ci", space="cards", role="scorer").secret)
    assert (access.kind, access.name, access.space) == ("key", "ci", "cards")
    assert {action for action in ACTIONS if access.may(action, "cards")} == {"view", "score"}
    assert not any(access.may(action, space) for action in ACTIONS for space in ("default", EVERY_SPACE))


def test_a_key_of_every_space_may_act_in_spaces_that_are_made_later(security: Security) -> None:
    access = security.authenticate_secret(security.create_key("root", space="*", role="admin").secret)
    security.create_space("cards")
    assert access.may("admin", "cards")
    assert access.space == "default"


def test_a_key_of_some_deployments_may_score_these_only(security: Security) -> None:
    made = security.create_key("shop", role="scorer", deployments=["credit", "fraud"])
    access = security.authenticate_secret(made.secret)
    assert access.may("score", "default", "credit")
    assert not access.may("score", "default", "churn")
    with pytest.raises(BadSetting, match="may only view and score, not edit"):
        security.create_key("shop", role="editor", deployments=["credit"])
    with pytest.raises(BadSetting, match="belongs to their space"):
        security.create_key("shop", role="scorer", space="*", deployments=["credit"])


def test_actions_may_be_named_one_by_one(security: Security) -> None:
    made = security.create_key("narrow", actions=["score"], rate=2.5)
    access = security.authenticate_secret(made.secret)
    assert access.actions("default") == {"score"}
    assert access.rate == 2.5


def test_nothing_that_is_kept_gives_a_key_back(security: Security, tmp_path) -> None:
    made = security.create_key("ci", role="scorer")
    assert re.fullmatch(r"sl_[a-z2-7]{16}_[a-z2-7]{52}", made.secret)
    assert made.secret not in repr(made)
    assert made.secret not in repr(security.keys())
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert made.secret.encode() not in kept
    assert made.secret.split("_")[2].encode() not in kept


def test_two_keys_have_nothing_in_common(security: Security) -> None:
    one, other = (security.create_key("same name", role="viewer") for _ in range(2))
    assert one.key.id != other.key.id
    assert one.secret.split("_")[2] != other.secret.split("_")[2]
    assert digest(one.secret) != digest(other.secret)


@pytest.mark.parametrize("change", ["another secret", "another id", "upper case", "cut", "longer", "empty", "umlaut"])
def test_a_secret_that_was_not_given_out_is_refused(security: Security, change: str) -> None:
    secret = security.create_key("ci", role="scorer").secret
    other = security.create_key("other", role="admin").secret
    forged = {
        "another secret": secret[:-1] + ("a" if secret[-1] != "a" else "b"),
        "another id": f"sl_{key_id(other)}_{secret.rpartition('_')[2]}",
        "upper case": secret.upper().replace("SL_", "sl_"),
        "cut": secret[:-1],
        "longer": secret + "a",
        "empty": "sl_",
        "umlaut": "sl_ü",
    }[change]
    with pytest.raises(Unauthenticated) as caught:
        security.authenticate_secret(forged)
    assert secret.rpartition("_")[2] not in str(caught.value)


@pytest.mark.parametrize("text", ["", "Bearer", "a.b.c", "ey" * 3000, "\x00", "ü" * 99])
def test_what_is_no_key_and_no_token_is_refused(security: Security, text: str) -> None:
    with pytest.raises(Unauthenticated):
        security.authenticate_secret(text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(), st.text().map("sl_".__add__), st.from_regex(r"sl_[a-z2-7]{16}_[a-z2-7]{52}")))
def test_whatever_is_sent_as_a_key_is_refused_as_one_that_does_not_hold(security: Security, text: str) -> None:
    with pytest.raises(Unauthenticated):
        security.authenticate_secret(text)


def test_a_key_expires(security: Security, clock) -> None:
    made = security.create_key("ci", role="scorer", expires_at=clock.now + timedelta(days=1))
    access = security.authenticate_secret(made.secret)
    assert access.expires_at == (clock.now + timedelta(days=1)).timestamp()
    clock.advance(86400)
    with pytest.raises(Unauthenticated, match="key 'ci' has expired"):
        security.authenticate_secret(made.secret)
    with pytest.raises(BadSetting, match="would have expired"):
        security.create_key("late", role="scorer", expires_at=clock.now)


def test_a_revoked_key_counts_for_nothing_and_the_counter_tells(security: Security) -> None:
    made, counter = security.create_key("ci", role="scorer"), security.change_counter()
    security.authenticate_secret(made.secret)
    assert security.change_counter() == counter
    assert security.revoke_key("ci").revoked_at is not None
    assert security.change_counter() > counter
    with pytest.raises(Unauthenticated, match="key 'ci' was revoked"):
        security.authenticate_secret(made.secret)
    with pytest.raises(NotFound):
        security.revoke_key("ci")


def test_of_two_keys_with_one_name_the_id_says_which_is_revoked(security: Security) -> None:
    one, other = (security.create_key("ci", role="scorer") for _ in range(2))
    with pytest.raises(Conflict, match="2 keys are named 'ci'"):
        security.revoke_key("ci")
    security.revoke_key(one.key.id)
    assert security.authenticate_secret(other.secret).id == other.key.id


def test_when_a_key_was_last_used_is_written_once_a_minute(security: Security, clock) -> None:
    secret = security.create_key("ci", role="scorer").secret
    assert security.keys()[0].last_used_at is None
    first = clock.now
    security.authenticate_secret(secret)
    clock.advance(59)
    security.authenticate_secret(secret)
    assert security.keys()[0].last_used_at == first
    clock.advance(1)
    security.authenticate_secret(secret)
    assert security.keys()[0].last_used_at == clock.now
    clock.advance(60)
    security.note_use([security.keys()[0].id, "unknown"])
    assert security.keys()[0].last_used_at == clock.now


def test_a_users_key_may_never_do_more_than_the_user(security: Security) -> None:
    security.create_space("cards")
    security.create_user("robot")
    security.grant("robot", "cards", "editor")
    everything = security.create_key("robot-1", user="robot", space="*").secret
    narrow = security.create_key("robot-2", user="robot", space="cards", role="admin").secret
    assert security.authenticate_secret(everything).grants == {"cards": {"view", "score", "edit"}}
    assert security.authenticate_secret(everything).space == "cards"
    assert security.authenticate_secret(narrow).grants == {"cards": {"view", "score", "edit"}}
    security.grant("robot", "cards", "viewer")
    assert security.authenticate_secret(narrow).actions("cards") == {"view"}
    security.delete_user("robot")
    with pytest.raises(Unauthenticated):
        security.authenticate_secret(narrow)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": "", "role": "scorer"}, "key ''"),
        ({"name": "x" * 101, "role": "scorer"}, "1 to 100 characters"),
        ({"name": "a\nb", "role": "scorer"}, "can be seen"),
        ({"name": "ci", "role": "owner"}, "no role 'owner'"),
        ({"name": "ci", "actions": ["fly"]}, "no action 'fly'"),
        ({"name": "ci", "actions": []}, "may do nothing"),
        ({"name": "ci"}, "may do nothing"),
        ({"name": "ci", "role": "scorer", "actions": ["view"]}, "not both"),
        ({"name": "ci", "role": "scorer", "rate": -1}, "no rate"),
        ({"name": "ci", "role": "scorer", "rate": float("nan")}, "no rate"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_with_a_sentence(security: Security, wrong, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        security.create_key(**wrong)
    assert security.keys() == []


def test_a_key_expires_at_a_time_that_means_the_same_everywhere(security: Security, clock) -> None:
    with pytest.raises(BadSetting, match="has no time zone"):
        security.create_key("ci", role="scorer", expires_at=clock.now.replace(tzinfo=None) + timedelta(days=1))


def test_a_space_may_be_named_by_its_id(security: Security) -> None:
    made = security.create_key("ci", space=security.create_space("cards").id, role="scorer")
    assert made.key.space == "cards"
    assert security.authenticate_secret(made.secret).may("score", "cards")


def test_a_key_of_a_space_that_is_not_there_is_refused(security: Security) -> None:
    security.create_space("cards")
    with pytest.raises(NotFound, match="no space 'card'") as caught:
        security.create_key("ci", space="card", role="scorer")
    assert "cards" in caught.value.hint


def space_admin(security: Security, space: str) -> Access:
    security.create_space(space)
    return security.authenticate_secret(security.create_key("boss", space=space, role="admin").secret)


def test_nobody_gives_a_right_that_it_has_not(security: Security) -> None:
    boss = space_admin(security, "cards")
    scorer = security.authenticate_secret(security.create_key("ci", space="cards", role="scorer").secret)
    assert security.create_key("mine", space="cards", role="admin", by=boss).key.space == "cards"
    with pytest.raises(NotFound, match="no space 'default'"):
        security.create_key("theirs", space="default", role="viewer", by=boss)
    with pytest.raises(Forbidden, match="administrator of the installation"):
        security.create_key("root", space="*", role="viewer", by=boss)
    with pytest.raises(Forbidden, match="administrator of the space 'cards'"):
        security.create_key("more", space="cards", role="viewer", by=scorer)
    security.create_user("anna", "correct horse")
    with pytest.raises(Forbidden):
        security.create_key("as anna", space="cards", user="anna", by=boss)


def test_users_make_and_revoke_keys_of_their_own(security: Security) -> None:
    security.create_user("anna", "correct horse")
    security.grant("anna", "default", "viewer")
    anna = security.authenticate_password("anna", "correct horse")
    made = security.create_key("laptop", user="anna", by=anna)
    assert security.authenticate_secret(made.secret).actions("default") == {"view"}
    assert [key.id for key in security.keys(user="anna")] == [made.key.id]
    security.revoke_key("laptop", by=anna)
    other = security.create_key("ci", role="viewer")
    with pytest.raises(Forbidden):
        security.revoke_key(other.key.id, by=anna)
