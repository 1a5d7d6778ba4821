from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from scoreline.core.errors import Conflict
from scoreline.security import Security


def test_the_first_start_makes_an_administrators_key_and_shows_it_once(security: Security) -> None:
    secret = security.ensure_administrator()
    assert secret is not None
    assert security.ensure_administrator() is None
    access = security.authenticate_secret(secret)
    assert access.may("admin", "*")
    assert access.may("edit", "a space of the future")
    (record,) = security.audit()
    assert (record.action, record.kind, record.actor) == ("key.create", "system", "system"), "nobody asked for it"


def test_servers_that_start_together_make_one_key(security: Security, store, clock) -> None:
    servers = [security, *(Security(store, clock=clock) for _ in range(3))]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(Security.ensure_administrator, servers))
    assert len([secret for secret in made if secret]) == 1


def test_the_last_administrator_stays(security: Security, clock) -> None:
    security.ensure_administrator()
    with pytest.raises(Conflict, match="last administrator"):
        security.revoke_key("administrator")
    security.create_key("for a day", space="*", role="admin", expires_at=clock.now + timedelta(days=1))
    security.create_key("of one space", role="admin")
    security.create_user("machine-without-a-key")
    security.grant("machine-without-a-key", "*", "admin")
    with pytest.raises(Conflict, match="last administrator"):
        security.revoke_key("administrator")
    security.create_user("anna", "correct horse")
    security.grant("anna", "*", "admin")
    security.revoke_key("administrator")
    for remove in (
        lambda: security.delete_user("anna"),
        lambda: security.withdraw("anna", "*"),
        lambda: security.grant("anna", "*", "editor"),
    ):
        with pytest.raises(Conflict, match="last administrator"):
            remove()
    assert security.authenticate_password("anna", "correct horse").may("admin", "*")


def test_a_machine_with_a_key_may_be_the_administrator(security: Security) -> None:
    security.create_user("robot")
    security.grant("robot", "*", "admin")
    made = security.create_key("robot-1", user="robot", space="*")
    assert security.ensure_administrator() is None
    with pytest.raises(Conflict, match="last administrator"):
        security.revoke_key(made.key.id)


def test_what_is_refused_changes_nothing_and_is_in_the_audit_log(security: Security) -> None:
    security.ensure_administrator()
    counter = security.change_counter()
    with pytest.raises(Conflict):
        security.revoke_key("administrator")
    assert security.change_counter() == counter
    newest = security.audit(limit=1)[0]
    assert (newest.action, newest.outcome) == ("key.revoke", "refused")
    assert "administrator" in newest.target
