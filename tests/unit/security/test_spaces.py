from __future__ import annotations

import re

import pytest

from scoreline.core.errors import BadSetting, Conflict, NotFound, Unauthenticated
from scoreline.security import Security


def test_the_default_space_is_there_and_stays(security: Security) -> None:
    (space,) = security.spaces()
    assert space.name == "default"
    with pytest.raises(Conflict, match="the default space stays"):
        security.delete_space("default")


def test_a_space_is_found_by_its_name_and_by_its_id(security: Security) -> None:
    made = security.create_space("Loans & cards", "what the team does")
    assert re.fullmatch(r"[a-z0-9-]{36}", made.id)
    assert security.space(made.id) == security.space("Loans & cards") == made
    with pytest.raises(Conflict, match="already"):
        security.create_space("Loans & cards")
    with pytest.raises(NotFound) as caught:
        security.space("Loans and cards")
    assert "Loans & cards" in caught.value.hint


@pytest.mark.parametrize("name", ["", " ", "*", "a/b", "a\\b", ".", "..", "-x", " a", "a\tb", "x" * 101])
def test_a_name_that_no_space_may_have_is_refused(security: Security, name: str) -> None:
    with pytest.raises(BadSetting):
        security.create_space(name)
    assert len(security.spaces()) == 1


def test_nothing_tells_a_caller_of_spaces_that_it_has_nothing_in(security: Security) -> None:
    for name in ("cards", "loans"):
        security.create_space(name)
    boss = security.authenticate_secret(security.create_key("boss", space="cards", role="admin").secret)
    security.create_key("of loans", space="loans", role="scorer")
    security.create_user("anna")
    assert [space.name for space in security.spaces(by=boss)] == ["cards"]
    for ask in (
        lambda: security.space("loans", by=boss),
        lambda: security.space(security.space("loans").id, by=boss),
        lambda: security.create_key("mine", space="loans", role="viewer", by=boss),
        lambda: security.revoke_key("of loans", by=boss),
        lambda: security.revoke_key(security.keys(space="loans")[0].id, by=boss),
        lambda: security.grant("anna", "loans", "viewer", by=boss),
        lambda: security.grant("nobody", "cards", "viewer", by=boss),
    ):
        with pytest.raises(NotFound) as caught:
            ask()
        told = str(caught.value).replace("'loans'", "").replace("'of loans'", "")  # what was asked for
        assert "loans" not in told
        assert "default" not in told
        assert "anna" not in told


def test_what_gave_rights_in_a_space_gives_none_in_a_later_one_of_its_name(security: Security) -> None:
    security.create_space("cards")
    security.create_user("anna", "correct horse")
    security.grant("anna", "cards", "admin")
    key = security.create_key("ci", space="cards", role="admin")
    deployment = security.deployment_keys("cards", "credit")
    security.delete_space("cards")
    security.create_space("cards")
    assert security.user("anna").roles == {}
    for secret in (key.secret, deployment.primary):
        with pytest.raises(Unauthenticated, match="was revoked"):
            security.authenticate_secret(secret)


def test_who_administers_a_later_space_sees_nothing_of_the_one_before(security: Security, clock) -> None:
    def in_cards(minute: str) -> None:
        security.create_space("cards")
        clock.advance(1)
        security.create_key(minute, space="cards", role="admin")
        clock.advance(1)

    in_cards("first")
    old = security.keys(space="cards")[0]
    security.delete_space("cards")
    clock.advance(1)
    in_cards("second")
    boss = security.authenticate_secret(security.create_key("boss", space="cards", role="admin").secret)
    assert {key.name for key in security.keys(space="cards")} == {"second", "boss"}
    everywhere = security.keys()
    assert old.id in {key.id for key in everywhere}, "who administers the installation still finds it"
    seen = [record.target for record in security.audit(space="cards", by=boss)]
    assert not [target for target in seen if "first" in target]
    assert any("second" in target for target in seen)
    assert any("first" in record.target for record in security.audit(space="cards"))
    assert security.audit(space="cards", by=boss, since=clock.now) == security.audit(space="cards", since=clock.now)
    with pytest.raises(NotFound):
        security.revoke_key(old.id, by=boss)
    with pytest.raises(NotFound):
        security.revoke_key("first", by=boss)


def test_a_withdrawn_role_that_was_none_tells_nothing_of_other_spaces(security: Security) -> None:
    for name in ("cards", "loans"):
        security.create_space(name)
    security.create_user("anna", "correct horse")
    security.grant("anna", "loans", "viewer")
    boss = security.authenticate_secret(security.create_key("boss", space="cards", role="admin").secret)
    with pytest.raises(NotFound) as caught:
        security.withdraw("anna", "cards", by=boss)
    assert "loans" not in str(caught.value)
    with pytest.raises(NotFound, match="viewer in loans"):
        security.withdraw("anna", "cards")
