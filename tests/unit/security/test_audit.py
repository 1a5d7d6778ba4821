from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from scoreline.core.access import Access
from scoreline.core.errors import ScorelineError, Unauthenticated, Unavailable
from scoreline.security import Security

PASSWORD = "correct horse battery"
ANNA = Access(kind="user", id="7", name="anna", grants={})
FORGED = "UPDATE audit SET target = 'nothing' WHERE id = 3"


def test_a_record_says_who_did_what_when_from_where_and_what_came_of_it(security: Security, clock) -> None:
    security.record("deployment.delete", "credit", ANNA, "192.0.2.1", "refused", space="cards")
    (record,) = security.audit()
    assert (record.id, record.at) == (1, clock.now)
    assert (record.kind, record.actor_id, record.actor) == ("user", "7", "anna")
    assert (record.action, record.target, record.space) == ("deployment.delete", "credit", "cards")
    assert (record.origin, record.outcome) == ("192.0.2.1", "refused")


def test_every_change_is_recorded_with_who_asked_for_it(security: Security) -> None:
    boss = security.authenticate_secret(security.ensure_administrator() or "")
    here = {"by": boss, "origin": "192.0.2.1"}
    security.create_space("cards", **here)
    security.create_user("anna", PASSWORD, **here)
    security.grant("anna", "cards", "admin", **here)
    security.set_password("anna", PASSWORD + "!", **here)
    security.create_key("ci", role="scorer", **here)
    security.revoke_key("ci", **here)
    security.regenerate_deployment_key("default", "credit", "secondary", **here)
    security.withdraw("anna", "cards", **here)
    security.delete_user("anna", **here)
    security.delete_space("cards", **here)
    recorded = [record for record in reversed(security.audit()) if record.origin == "192.0.2.1"]
    assert [record.action for record in recorded] == [
        "space.create",
        "user.create",
        "user.grant",
        "user.password",
        "key.create",
        "key.revoke",
        "deployment.keys.regenerate",
        "user.withdraw",
        "user.delete",
        "space.delete",
    ]
    assert {(record.actor, record.actor_id, record.outcome) for record in recorded} == {
        ("administrator", boss.id, "done")
    }


def test_logins_are_recorded_once_a_minute_and_wrong_ones_each_time_without_what_was_typed(
    security: Security,
) -> None:
    security.create_user("anna", PASSWORD)
    for _ in range(3):
        security.authenticate_password("anna", PASSWORD, "192.0.2.1")
    for name in ("anna", PASSWORD):
        with pytest.raises(Unauthenticated):
            security.authenticate_password(name, "a wrong one", "192.0.2.2")
    logins = security.audit(action="login")
    assert [(record.outcome, record.target) for record in logins] == [
        ("refused", "a name that is no user's"),
        ("refused", "user anna"),
        ("done", "user anna"),
    ]
    assert PASSWORD not in repr(security.audit())


def test_no_secret_is_in_the_audit_log(security: Security) -> None:
    made = security.create_key("ci", role="scorer")
    keys = security.deployment_keys("default", "credit")
    token = security.issue_token(security.authenticate_secret(made.secret))
    security.revoke_token(token.access_token)
    told = repr(security.audit())
    for secret in (made.secret, keys.primary, token.access_token, token.refresh_token):
        assert secret not in told


def test_records_are_found_by_time_actor_action_and_space(security: Security, clock) -> None:
    for number in range(4):
        security.record("look" if number % 2 else "touch", str(number), ANNA, space="cards" if number > 1 else "loans")
        clock.advance(60)
    start = clock.now - timedelta(seconds=240)

    def targets(**wanted) -> list[str]:
        return [record.target for record in security.audit(**wanted)]

    assert targets() == ["3", "2", "1", "0"]
    assert targets(limit=2) == ["3", "2"]
    assert targets(since=start + timedelta(seconds=60), until=start + timedelta(seconds=180)) == ["2", "1"]
    assert targets(action="look", space="cards") == ["3"]
    assert targets(actor="7") == targets(actor="anna") == targets()
    assert targets(actor="bert") == targets(actor="\0") == []


def test_workers_that_write_at_once_write_one_chain(security: Security, store) -> None:
    def write(worker: int) -> None:
        own = Security(store)
        for number in range(5):
            own.record("act", f"{worker} {number}", ANNA)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    proved = security.verify_audit()
    assert (proved.n_records, proved.broken_at) == (20, None)
    assert len({record.target for record in security.audit()}) == 20


def test_text_that_could_not_be_stored_or_shown_is_made_fit(security: Security) -> None:
    who = Access(kind="user", id="7", name="a\x00b" + "c" * 200, grants={})
    security.record("act", "line\nbreak \x1b[31m", who, "1.2.3.4\x00")
    (record,) = security.audit()
    assert record.target == "line�break �[31m"
    assert (record.origin, len(record.actor)) == ("1.2.3.4�", 100)
    assert security.verify_audit().broken_at is None


@pytest.mark.parametrize(
    "statement",
    [FORGED, "DELETE FROM audit WHERE id = 3", "DELETE FROM audit"],
)
def test_the_database_itself_refuses_to_change_a_record(security: Security, store, statement: str) -> None:
    for number in range(5):
        security.record("act", str(number), ANNA)
    with (
        pytest.raises(Unavailable, match="the audit log is append-only"),
        store._metadata.transaction(writing=True) as connection,
    ):
        connection.execute(text(statement))
    assert security.verify_audit().n_records == 5


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        (FORGED, 3),
        ("UPDATE audit SET outcome = 'done' WHERE id = 1", 1),
        ("DELETE FROM audit WHERE id = 3", 3),
        ("DELETE FROM audit WHERE id < 3", 1),
        ("UPDATE audit SET id = id - 1 WHERE id > 3", 3),
        ("DELETE FROM audit WHERE id = 5", 5),
        ("DELETE FROM audit", 1),
    ],
)
def test_who_takes_the_guard_away_and_changes_a_record_is_found_out(
    security: Security, store, statement: str, broken_at: int
) -> None:
    for number in range(5):
        security.record("act", str(number), ANNA, outcome="refused")
    assert security.verify_audit() == (5, security.audit(limit=1)[0].digest, None, True)
    with store._metadata.transaction(writing=True) as connection:
        if connection.dialect.name == "sqlite":
            for guard in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_refuses_{guard}"))
        else:
            connection.execute(text("DROP TRIGGER audit_refuses_change ON audit"))
        if statement.startswith("UPDATE audit SET id"):
            connection.execute(text("DELETE FROM audit WHERE id = 3"))
            connection.execute(text("UPDATE audit SET id = 3 WHERE id = 4"))
            connection.execute(text("UPDATE audit SET id = 4 WHERE id = 5"))
        else:
            connection.execute(text(statement))
    assert security.verify_audit().broken_at == broken_at


def test_a_digest_that_was_noted_shows_that_the_log_was_written_anew(security: Security) -> None:
    for number in range(3):
        security.record("act", str(number), ANNA)
    noted = security.verify_audit().digest
    security.record("act", "3", ANNA)
    assert security.verify_audit(noted).has_noted
    found = security.verify_audit("0" * 64)
    assert (found.broken_at, found.has_noted) == (None, False)


def test_a_change_that_fails_is_neither_made_nor_recorded(security: Security, monkeypatch) -> None:
    from scoreline.storage.security import SqlSecurityRecords

    def full(*_) -> None:
        raise InterruptedError

    monkeypatch.setattr(SqlSecurityRecords, "add_audit", full)
    with pytest.raises(InterruptedError):
        security.create_user("anna")
    assert security.users() == []
    monkeypatch.undo()
    with pytest.raises(ScorelineError):
        security.user("anna")
