"""What security asks of its store, on every one of them (PostgreSQL: see ``tests.databases``)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from msgspec.structs import replace
from tests.artifacts import tiny_artifact
from tests.databases import DATABASES, empty_database

from scoreline.core.errors import Conflict
from scoreline.core.identities import AuditRecord, FailedLogins, Key, Space, User
from scoreline.registry import Registry
from scoreline.security.seams import SecurityStore
from scoreline.storage.artifacts import LocalArtifacts
from scoreline.storage.metadata import MetadataStore
from scoreline.storage.security import SecurityMetadata
from scoreline.storage.tables import metadata as tables

NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
CARDS = Space(id="0" * 36, name="Überfälliges & Karten", description="✓", created_at=NOON)
ANNA = User(id="a" * 36, name="anna@example.com", created_at=NOON, has_password=True, generation=2)
KEY = Key(
    id="k" * 16,
    name="ci",
    space="default",
    actions=("view", "score"),
    deployments=("credit", "Überfällig"),
    slot="primary",
    rate=0.5,
    created_at=NOON,
    expires_at=NOON + timedelta(days=1),
)
RECORD = AuditRecord(
    id=1,
    at=NOON,
    kind="user",
    actor_id=ANNA.id,
    actor="anna",
    action="key.create",
    target="key ✓",
    space="default",
    origin="2001:db8::1",
    outcome="done",
    digest="d" * 64,
)


@pytest.fixture(params=DATABASES)
def metadata(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MetadataStore]:
    with empty_database(request.param, tmp_path) as url:
        opened = MetadataStore(url)
        yield opened
        opened.close()


@pytest.fixture
def store(metadata: MetadataStore) -> SecurityStore:
    return SecurityMetadata(metadata)


def test_the_migrations_make_the_tables_that_the_code_expects(metadata: MetadataStore) -> None:
    with metadata.transaction(writing=False) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables) == []


def test_what_is_written_is_read_back_as_it_was(store: SecurityStore) -> None:
    with store.writing() as records:
        records.add_space(CARDS)
        records.add_user(ANNA, "$argon2id$…")
        records.put_role(ANNA.id, CARDS.name, "viewer")
        records.put_role(ANNA.id, CARDS.name, "editor")
        records.put_role(ANNA.id, "*", "viewer")
        records.add_key(KEY, "digest")
        records.add_key(replace(KEY, id="u", deployments=None, slot=None, user=ANNA.id, expires_at=None), "other")
        records.add_audit(RECORD)
        records.put_failed_logins("subject", FailedLogins(n=3, last_at=NOON))
        records.put_family("family", 4, NOON)
        records.put_family("ended", None, NOON)
    with store.reading() as records:
        assert records.space(CARDS.id) == records.space(CARDS.name) == CARDS
        assert [space.name for space in records.spaces()] == ["default", CARDS.name]
        anna = replace(ANNA, roles={"*": "viewer", CARDS.name: "editor"})
        assert records.user(ANNA.id) == records.user(ANNA.name) == anna
        assert records.users() == [anna]
        assert records.password(ANNA.id) == "$argon2id$…"
        assert records.key(KEY.id) == KEY
        assert (records.key_digest(KEY.id), records.key_digest("none")) == ("digest", None)
        assert [key.id for key in records.find_keys(user=ANNA.id)] == ["u"]
        assert [key.id for key in records.find_keys(space="default")] == [KEY.id, "u"]
        assert records.find_keys(deployment="credit") == []
        assert records.last_audit() == RECORD
        assert records.n_audit() == 1
        assert records.failed_logins("subject") == FailedLogins(n=3, last_at=NOON)
        assert (records.has_family("family"), records.newest_of("family")) == (True, 4)
        assert (records.has_family("ended"), records.newest_of("ended")) == (True, None)
        assert not records.has_family("none")


def test_times_come_back_in_utc_from_whatever_zone_they_were_in(store: SecurityStore) -> None:
    with store.writing() as records:
        records.add_space(replace(CARDS, created_at=NOON.astimezone(timezone(timedelta(hours=9)))))
    with store.reading() as records:
        space = records.space(CARDS.id)
    assert space is not None
    assert (space.created_at, space.created_at.tzinfo) == (NOON, UTC)


def test_an_exception_undoes_all_of_a_writing(store: SecurityStore) -> None:
    def write_and_fail() -> None:
        with store.writing() as records:
            records.add_user(ANNA, None)
            records.add_audit(RECORD)
            records.count_change()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_and_fail()
    with store.reading() as records:
        assert records.users() == []
        assert records.n_audit() == 0
        assert records.change_counter() == 0


def test_a_reading_sees_one_moment(store: SecurityStore) -> None:
    with store.reading() as before:
        assert before.users() == []
        with store.writing() as records:
            records.add_user(ANNA, None)
        assert before.users() == []


def test_with_a_user_go_its_roles_and_its_keys(store: SecurityStore) -> None:
    with store.writing() as records:
        records.add_user(ANNA, None)
        records.put_role(ANNA.id, "default", "viewer")
        records.add_key(replace(KEY, user=ANNA.id), "digest")
    with store.writing() as records:
        records.delete_user(ANNA.id)
    with store.writing() as records:
        assert records.find_keys() == []
        records.add_user(ANNA, None)
        assert records.user(ANNA.id) == replace(ANNA, has_password=False)


def test_what_is_old_is_forgotten_and_the_rest_stays(store: SecurityStore) -> None:
    with store.writing() as records:
        for days in (0, 1):
            records.put_family(f"family {days}", 1, NOON + timedelta(days=days))
            records.put_failed_logins(f"subject {days}", FailedLogins(n=1, last_at=NOON + timedelta(days=days)))
        records.forget_families(NOON + timedelta(hours=1))
        records.forget_failed_logins(before=NOON + timedelta(hours=1))
    with store.reading() as records:
        assert [records.has_family(f"family {days}") for days in (0, 1)] == [False, True]
        assert [records.failed_logins(f"subject {days}") is not None for days in (0, 1)] == [False, True]


def test_a_space_that_holds_a_model_stays(metadata: MetadataStore, store: SecurityStore, tmp_path: Path) -> None:
    with store.writing() as records:
        records.add_space(CARDS)
        records.add_user(ANNA, None)
        records.put_role(ANNA.id, CARDS.name, "viewer")
    registry = Registry(metadata, LocalArtifacts(tmp_path / "artifacts"), CARDS.name)
    tiny_artifact(tmp_path / "credit.scoreline")
    registry.register(tmp_path / "credit.scoreline", "credit")
    with pytest.raises(Conflict, match="is not empty"), store.writing() as records:
        records.delete_space(CARDS.name)
    with store.reading() as records:
        user = records.user(ANNA.id)
        assert user is not None
        assert user.roles == {CARDS.name: "viewer"}
    registry.delete_model("credit")
    with store.writing() as records:
        records.delete_space(CARDS.name)
        assert records.space(CARDS.id) is None
