from __future__ import annotations

import pytest

from scoreline.core.errors import (
    BadRequest,
    BadSetting,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unauthenticated,
)
from scoreline.security import Security
from scoreline.security.passwords import Passwords
from scoreline.security.throttle import FREE_BY_NAME, FREE_BY_ORIGIN, LONGEST_WAIT_SECONDS

PASSWORD = "correct horse battery"


def wrong(security: Security, name: str = "anna", origin: str = "") -> None:
    with pytest.raises(Unauthenticated, match="the name or the password is wrong"):
        security.authenticate_password(name, "wrong password", origin)


def test_a_user_may_do_what_its_roles_say_each_in_its_space(security: Security) -> None:
    security.create_space("cards")
    security.create_user("anna", PASSWORD)
    assert security.authenticate_password("anna", PASSWORD).grants == {}
    security.grant("anna", "cards", "editor")
    security.grant("anna", "default", "viewer")
    access = security.authenticate_password("anna", PASSWORD)
    assert (access.kind, access.name, access.id) == ("user", "anna", security.user("anna").id)
    assert access.grants == {"cards": {"view", "score", "edit"}, "default": {"view"}}
    security.withdraw("anna", "default")
    assert security.authenticate_password("anna", PASSWORD).space == "cards"


def test_a_password_is_kept_as_argon2id_and_nothing_else(security: Security, store, tmp_path) -> None:
    user = security.create_user("anna", PASSWORD)
    with store.reading() as records:
        stored = records.password(user.id)
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in repr(security.users())
    assert PASSWORD.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())


def test_letters_that_look_the_same_are_the_same(security: Security) -> None:
    security.create_user("anna", "pässwörter")
    assert security.authenticate_password("anna", "pässwörter").name == "anna"


def test_a_hash_of_weaker_parameters_is_made_anew_at_the_next_login(security: Security, store) -> None:
    from argon2 import PasswordHasher

    user = security.create_user("anna", PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    with store.writing() as records:
        records.set_password(user.id, weak, 0)
    assert security.authenticate_password("anna", PASSWORD).name == "anna"
    with store.reading() as records:
        stored = records.password(user.id)
    assert stored is not None
    assert not Passwords().outdated(stored)
    assert security.authenticate_password("anna", PASSWORD).name == "anna"


def test_a_wrong_password_an_unknown_name_and_a_machine_are_told_the_same_after_the_same_work(
    security: Security, monkeypatch
) -> None:
    from argon2 import PasswordHasher

    security.create_user("anna", PASSWORD)
    security.create_user("robot")
    verified = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, *given: verified.append(given) or verify(self, *given))
    told = set()
    for name in ("anna", "nobody", "robot", "x" * 500, "o'neil\x00"):
        with pytest.raises(Unauthenticated) as caught:
            security.authenticate_password(name, "wrong password")
        told.add(str(caught.value))
    assert len(told) == 1
    assert len(verified) == 5
    assert len({stored.rpartition("$")[0].partition("p=")[0] for stored, _ in verified}) == 1


def test_after_some_wrong_passwords_a_name_waits_longer_each_time(security: Security, clock) -> None:
    security.create_user("anna", PASSWORD)
    for _ in range(FREE_BY_NAME):
        wrong(security)
    waits = []
    for _ in range(4):
        with pytest.raises(TooManyRequests, match="wait") as caught:
            security.authenticate_password("anna", PASSWORD)
        waits.append(caught.value.retry_seconds)
        clock.advance(caught.value.retry_seconds)
        wrong(security)
    assert waits == [1, 2, 4, 8]
    clock.advance(15)
    with pytest.raises(TooManyRequests, match="wait 1 seconds"):
        security.authenticate_password("ANNA", PASSWORD)
    clock.advance(1)
    assert security.authenticate_password("anna", PASSWORD).name == "anna"
    wrong(security)  # and the count begins anew
    assert security.authenticate_password("anna", PASSWORD).name == "anna"


def test_workers_count_wrong_passwords_together(security: Security, store, clock) -> None:
    security.create_user("anna", PASSWORD)
    other = Security(store, clock=clock)
    for number in range(FREE_BY_NAME):
        wrong(other if number % 2 else security)
    for worker in (security, other):
        with pytest.raises(TooManyRequests):
            worker.authenticate_password("anna", PASSWORD)


def test_an_origin_that_tries_many_names_waits_and_others_do_not(security: Security, clock) -> None:
    security.create_user("anna", PASSWORD)
    for number in range(FREE_BY_ORIGIN):
        wrong(security, f"name{number}", f"2001:db8::{number:x}")
    with pytest.raises(TooManyRequests):
        security.authenticate_password("anna", PASSWORD, "2001:db8::ffff")
    assert security.authenticate_password("anna", PASSWORD, "2001:db8:1::1").name == "anna"
    assert security.authenticate_password("anna", PASSWORD).name == "anna"
    with pytest.raises(TooManyRequests):
        security.authenticate_password("anna", PASSWORD, "2001:db8::1")


def test_no_wait_is_longer_than_a_quarter_of_an_hour_and_an_hour_forgets(security: Security, store, clock) -> None:
    from scoreline.security import throttle

    whose = throttle.subjects("anna", "192.0.2.1")
    with store.writing() as records:
        for _ in range(60):
            throttle.count(records, whose, clock.now)
    security.create_user("anna", PASSWORD)
    with pytest.raises(TooManyRequests) as caught:
        security.authenticate_password("anna", PASSWORD, "192.0.2.1")
    assert caught.value.retry_seconds == LONGEST_WAIT_SECONDS
    clock.advance(3601)
    wrong(security, "somebody")
    with store.reading() as records:
        assert records.failed_logins(whose[0].digest) is None


def test_an_administrator_who_sets_a_password_ends_the_wait(security: Security) -> None:
    security.create_user("anna", PASSWORD)
    for _ in range(FREE_BY_NAME):
        wrong(security)
    security.set_password("anna", "another good one")
    assert security.authenticate_password("anna", "another good one").name == "anna"


def test_users_change_their_own_password_and_nobody_elses(security: Security) -> None:
    security.create_user("anna", PASSWORD)
    security.create_user("bert", PASSWORD)
    anna = security.authenticate_password("anna", PASSWORD)
    with pytest.raises(BadRequest, match="with the current one"):
        security.set_password("anna", "another good one", by=anna)
    with pytest.raises(Forbidden, match="the current password is wrong"):
        security.set_password("anna", "another good one", current="a guess", by=anna)
    security.set_password("anna", "another good one", current=PASSWORD, by=anna)
    with pytest.raises(Unauthenticated):
        security.authenticate_password("anna", PASSWORD)
    with pytest.raises(Forbidden, match="only an administrator"):
        security.set_password("bert", "another good one", by=anna)
    guesses = [Forbidden] * (FREE_BY_NAME - 1) + [TooManyRequests]
    for refusal in guesses:
        with pytest.raises(refusal):
            security.set_password("anna", "a third good one", current="a guess", by=anna)


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_a_password_nobody_should_have_is_refused_without_being_shown(security: Security, password: str) -> None:
    with pytest.raises(BadSetting, match="expected 8 to 1024") as caught:
        security.create_user("anna", password)
    assert not password or password not in str(caught.value)
    assert security.users() == []


def test_a_password_is_not_the_name(security: Security) -> None:
    with pytest.raises(BadSetting, match="is the name"):
        security.create_user("anna-maria", "Anna-Maria")


@pytest.mark.parametrize("name", ["", " anna", "a b", "../x", "x" * 101, "anna\n", "-x"])
def test_a_name_that_could_be_mistaken_is_refused(security: Security, name: str) -> None:
    with pytest.raises(BadSetting, match="a name holds"):
        security.create_user(name)


def test_a_name_is_taken_once_and_an_unknown_one_is_told_with_those_like_it(security: Security) -> None:
    security.create_user("anna@example.com")
    with pytest.raises(Conflict, match="already"):
        security.create_user("anna@example.com", PASSWORD)
    with pytest.raises(NotFound) as caught:
        security.grant("ana@example.com", "default", "viewer")
    assert "anna@example.com" in caught.value.hint
    with pytest.raises(BadSetting, match="no role 'owner'"):
        security.grant("anna@example.com", "default", "owner")  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="has no role in 'default'"):
        security.withdraw("anna@example.com", "default")


def test_only_who_administers_a_space_gives_roles_in_it(security: Security) -> None:
    for name in ("cards", "loans"):
        security.create_space(name)
    security.create_user("boss", PASSWORD)
    security.create_user("anna")
    security.grant("boss", "cards", "admin")
    boss = security.authenticate_password("boss", PASSWORD)
    assert security.grant("anna", security.space("cards").id, "admin", by=boss).roles == {"cards": "admin"}
    with pytest.raises(NotFound, match="no space 'loans'"):
        security.grant("anna", "loans", "viewer", by=boss)
    with pytest.raises(Forbidden):
        security.grant("boss", "*", "admin", by=boss)
    for refused in (
        lambda: security.create_user("bert", by=boss),
        lambda: security.delete_user("anna", by=boss),
        lambda: security.create_space("mine", by=boss),
        lambda: security.delete_space("cards", by=boss),
    ):
        with pytest.raises(Forbidden):
            refused()
