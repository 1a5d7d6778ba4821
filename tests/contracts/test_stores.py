"""What the registry asks of its stores, on every one of them (PostgreSQL: see ``tests.databases``)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.command import upgrade
from alembic.config import Config
from msgspec.structs import replace
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from tests.databases import DATABASES, empty_database

import scoreline.storage.migrations
from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.entities import AliasChange, LogSettings, Shadow, Share, Version
from scoreline.core.errors import NotFound, Unavailable
from scoreline.registry.seams import Artifacts, Records, Store
from scoreline.storage.artifacts import LocalArtifacts
from scoreline.storage.metadata import MetadataStore

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
DIGEST = "sha256:" + "ab" * 32


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    with empty_database(request.param, tmp_path) as empty:
        yield empty


@pytest.fixture
def store(url: str) -> Iterator[MetadataStore]:
    opened = MetadataStore(url)
    yield opened
    opened.close()


@pytest.fixture(params=["local"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    return LocalArtifacts(tmp_path / "artifacts")


def version(number: int, model: str = "credit", digest: str | None = None) -> Version:
    return Version(
        model=model,
        number=number,
        digest=digest or f"sha256:{number:064x}",
        size_bytes=3_000_000_000,
        created_at=NOON,
        summary={"scores": {"auc": 0.79}, "target": "Überfällig"},
    )


def change(number: int, parent: AliasChange | None = None) -> AliasChange:
    return AliasChange(
        id=0,
        model="credit",
        alias="champion",
        version=number,
        previous=parent.version if parent else None,
        action="promote",
        changed_at=NOON,
        parent=parent.id if parent else None,
    )


def with_versions(records: Records, n: int) -> None:
    records.add_model("credit", NOON)
    for number in range(1, n + 1):
        records.add_version(version(records.next_number("credit")))
        assert records.version("credit", number) is not None


def test_what_is_written_is_read_back_as_it_was(store: Store) -> None:
    with store.writing() as records:
        with_versions(records, 2)
    with store.reading() as records:
        assert records.version("credit", 2) == version(2)
        assert records.version_with("credit", version(1).digest) == version(1)
        assert [v.number for v in records.versions("credit")] == [2, 1]
        assert records.version("credit", 3) is None
        assert records.model("debit") is None


def test_times_come_back_in_utc_from_whatever_zone_they_were_in(store: Store) -> None:
    with store.writing() as records:
        records.add_model("credit", NOON.astimezone(timezone(timedelta(hours=9))))
    with store.reading() as records:
        model = records.model("credit")
    assert model is not None
    assert model.created_at == NOON
    assert model.created_at.tzinfo == UTC


def test_an_exception_undoes_all_of_a_writing(store: Store) -> None:
    def write_and_fail() -> None:
        with store.writing() as records:
            records.add_model("credit", NOON)
            records.count_change()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_and_fail()
    with store.reading() as records:
        assert records.models() == []
        assert records.change_counter() == 0


def test_a_reading_sees_one_moment(store: Store) -> None:
    with store.reading() as before:
        assert before.models() == []
        with store.writing() as records:
            records.add_model("credit", NOON)
        assert before.models() == []
    with store.reading() as after:
        assert [model.name for model in after.models()] == ["credit"]


def test_writers_take_turns_so_that_numbers_have_no_gaps(store: Store, url: str) -> None:
    with store.writing() as records:
        records.add_model("credit", NOON)

    def register() -> None:
        own = MetadataStore(url)
        for _ in range(5):
            with own.writing() as records:
                records.add_version(version(records.next_number("credit")))
        own.close()

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as records:
        assert [v.number for v in records.versions("credit")] == list(range(20, 0, -1))


def test_an_empty_database_is_opened_by_many_at_once(url: str) -> None:
    counters: list[int] = []

    def open_and_read() -> None:
        own = MetadataStore(url)
        with own.reading() as records:
            counters.append(records.change_counter())
        own.close()

    threads = [threading.Thread(target=open_and_read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters == [0] * 6


def test_a_number_is_given_once_even_when_its_version_is_deleted(store: Store) -> None:
    with store.writing() as records:
        with_versions(records, 2)
        records.delete_version("credit", 2)
        assert records.next_number("credit") == 3
        model = records.model("credit")
    assert model is not None
    assert model.latest == 1


def test_an_alias_is_the_last_of_its_changes(store: Store) -> None:
    with store.writing() as records:
        with_versions(records, 2)
        first = records.move_alias(change(1))
        second = records.move_alias(change(2, first))
    with store.reading() as records:
        assert records.alias("credit", "champion") == second
        assert records.alias_change(first.id) == first
        assert records.alias_changes("credit", "champion") == [second, first]
        assert [model.aliases for model in records.models()] == [{"champion": 2}]
        assert records.alias("credit", "challenger") is None


def test_a_deployment_resolves_the_alias_it_follows(store: Store) -> None:
    with store.writing() as records:
        with_versions(records, 2)
        first = records.move_alias(change(1))
        records.put_deployment("follows", "credit", alias="champion", number=None, default=False, at=NOON)
        records.put_deployment("pinned", "credit", alias=None, number=1, default=True, at=NOON)
        records.move_alias(change(2, first))
    with store.reading() as records:
        follows, pinned = records.deployments()
        assert (follows.reference, follows.version, follows.digest) == ("@champion", 2, version(2).digest)
        assert (pinned.reference, pinned.version, pinned.default) == ("1", 1, True)
        assert records.deployment("pinned") == pinned


def test_one_deployment_at_most_is_the_default(store: Store) -> None:
    with store.writing() as records:
        with_versions(records, 1)
        for name in ("a", "b", "c"):
            records.put_deployment(name, "credit", alias=None, number=1, default=name != "c", at=NOON)
    with store.reading() as records:
        assert [d.name for d in records.deployments() if d.default] == ["b"]


def test_what_a_deployment_needs_cannot_be_deleted_even_without_the_registrys_rules(store: Store) -> None:
    with store.writing() as records:
        with_versions(records, 1)
        records.put_deployment("pinned", "credit", alias=None, number=1, default=False, at=NOON)
    with pytest.raises(Unavailable), store.writing() as records:
        records.delete_version("credit", 1)
    with pytest.raises(Unavailable), store.writing() as records:
        records.delete_model("credit")


def deployed(records: Records) -> None:
    """Three versions; @champion is 1 and deployed as `live`, @challenger is 2."""
    with_versions(records, 3)
    records.move_alias(change(1))
    records.move_alias(replace(change(2), alias="challenger"))
    records.put_deployment("live", "credit", alias="champion", number=None, default=True, at=NOON)
    records.put_deployment("other", "credit", alias="champion", number=None, default=False, at=NOON)


def test_a_split_keeps_its_order_and_resolves_what_it_refers_to(store: Store) -> None:
    with store.writing() as records:
        deployed(records)
        records.put_split("live", [(None, 3, 5.0), ("challenger", None, 12.5)], sticky=True, at=LATER)
    with store.reading() as records:
        live, other = records.deployments()
        assert live.split == (
            Share(reference="3", version=3, digest=version(3).digest, weight=5.0),
            Share(reference="@challenger", version=2, digest=version(2).digest, weight=12.5),
        )
        assert (live.sticky, live.updated_at, live.version) == (True, LATER, 1)
        assert (other.split, other.sticky, other.updated_at) == ((), False, NOON)
        assert records.deployment("live") == live
    with store.writing() as records:
        moved = records.alias("credit", "challenger")
        records.move_alias(replace(change(3, moved), alias="challenger"))
        assert [share.version for share in records.deployments()[0].split] == [3, 3]
        records.put_split("live", (), sticky=False, at=LATER)
        assert records.deployments()[0].split == ()


def test_a_shadow_is_replaced_and_ended(store: Store) -> None:
    with store.writing() as records:
        deployed(records)
        for reference in ((None, 3, 100.0), ("challenger", None, 0.5)):
            records.put_shadow("live", reference, at=LATER)
    with store.reading() as records:
        live, other = records.deployments()
        assert live.shadow == Shadow(reference="@challenger", version=2, digest=version(2).digest, share=0.5)
        assert other.shadow is None
    with store.writing() as records:
        records.put_shadow("live", None, at=LATER)
        assert records.deployments()[0].shadow is None


def test_what_a_log_keeps_is_read_back_and_outlives_a_new_target(store: Store) -> None:
    kept = LogSettings(enabled=False, sample=0.1, hidden=("age", "größe"))
    with store.writing() as records:
        deployed(records)
        records.put_log("live", kept, at=LATER)
        records.put_deployment("live", "credit", alias=None, number=2, default=True, at=LATER)
    with store.reading() as records:
        assert [d.log for d in records.deployments()] == [kept, LogSettings()]


@pytest.mark.parametrize("reference", [("challenger", None), (None, 2)])
@pytest.mark.parametrize("place", ["split", "shadow"])
def test_what_a_split_or_a_shadow_needs_cannot_be_deleted_even_without_the_registrys_rules(
    store: Store, place: str, reference: tuple[str | None, int | None]
) -> None:
    with store.writing() as records:
        deployed(records)
        if place == "split":
            records.put_split("live", [(*reference, 10.0)], sticky=False, at=NOON)
        else:
            records.put_shadow("live", (*reference, 10.0), at=NOON)
    with pytest.raises(Unavailable), store.writing() as records:
        records.delete_version("credit", 2)
    with pytest.raises(Unavailable), store.writing() as records:
        records.delete_model("credit")
    with store.writing() as records:
        records.delete_deployment("live")
        records.delete_version("credit", 2)


OTHER = "team-a"


def add_space(url: str, name: str = OTHER) -> None:
    with create_engine(url).begin() as connection:
        at = "2026-05-01 12:00:00"
        connection.execute(
            text("INSERT INTO spaces (name, id, description, created_at) VALUES (:name, :name, '', :at)"),
            {"name": name, "at": at},
        )


def whole(store: Store, space: str = DEFAULT_SPACE) -> object:
    """All that a space has."""
    with store.reading(space) as records:
        names = [model.name for model in records.models()]
        return (
            records.models(),
            [records.versions(name) for name in names],
            [records.alias_changes(name, "champion") for name in names],
            records.deployments(),
        )


def test_spaces_hold_the_same_names_and_see_nothing_of_one_another(store: Store, url: str) -> None:
    add_space(url)
    with store.writing() as records:
        deployed(records)
        records.put_split("live", [("challenger", None, 10.0)], sticky=True, at=LATER)
        records.put_shadow("live", (None, 3, 100.0), at=LATER)
    here = whole(store)
    with store.writing(OTHER) as records:
        assert records.models() == records.deployments() == []
        assert records.model("credit") is records.version("credit", 1) is records.deployment("live") is None
        assert records.version_with("credit", version(1).digest) is records.alias("credit", "champion") is None
        assert records.alias_change(1) is None
        with_versions(records, 2)
        records.move_alias(change(2))
        records.put_deployment("live", "credit", alias="champion", number=None, default=True, at=LATER)
        records.put_split("live", [(None, 1, 50.0)], sticky=False, at=LATER)
        records.put_log("live", LogSettings(enabled=False), at=LATER)
        [there] = records.deployments()
        assert (there.space, there.version, there.default, there.shadow) == (OTHER, 2, True, None)
        assert [share.version for share in there.split] == [1]
        assert [model.space for model in records.models()] == [OTHER]
    assert whole(store) == here
    with store.reading() as records:
        assert [(d.space, d.name) for d in records.every_deployment()] == [
            (DEFAULT_SPACE, "live"),
            (DEFAULT_SPACE, "other"),
            (OTHER, "live"),
        ]
        assert len({d.id for d in records.every_deployment()}) == 3
    with store.writing(OTHER) as records:
        records.delete_deployment("live")
        records.delete_alias("credit", "champion")
        records.delete_version("credit", 2)
        records.delete_model("credit")
        assert records.holds(version(2).digest)  # the other space's
    assert whole(store) == here


def test_a_deployment_keeps_its_id_until_it_is_deleted(store: Store) -> None:
    with store.writing() as records:
        with_versions(records, 2)
        ids = []
        for number in (1, 2):
            records.put_deployment("live", "credit", alias=None, number=number, default=False, at=NOON)
            ids += [d.id for d in records.deployments()]
        records.delete_deployment("live")
        records.put_deployment("live", "credit", alias=None, number=1, default=False, at=NOON)
        ids += [d.id for d in records.deployments()]
    assert ids[0] == ids[1] != ids[2]
    assert all(re.fullmatch("[0-9a-f-]{36}", each) for each in ids)


def test_a_space_that_holds_a_model_cannot_be_deleted(store: Store, url: str) -> None:
    add_space(url)
    with store.writing(OTHER) as records:
        assert records.has_space()
        records.add_model("credit", NOON)
    with create_engine(url).connect() as connection:
        if url.startswith("sqlite"):
            connection.execute(text("PRAGMA foreign_keys = ON"))
        with pytest.raises(IntegrityError):
            connection.execute(text("DELETE FROM spaces WHERE name = :name"), {"name": OTHER})
    with store.reading("nowhere") as records:
        assert not records.has_space()


def test_a_database_of_the_first_revision_is_brought_up_to_date(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(scoreline.storage.migrations.__file__).parent))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        upgrade(config, "0001")
        row = {"now": "2026-05-01 12:00:00", "digest": version(1).digest}
        for insertion in (
            "models VALUES ('credit', 1, :now)",
            "versions VALUES ('credit', 1, :digest, 9, :now, '{}')",
            "alias_changes VALUES (7, 'credit', 'champion', 1, NULL, 'promote', :now, NULL)",
            "aliases VALUES ('credit', 'champion', 1, 7)",
            "deployments VALUES ('follows', 'credit', 'champion', NULL, FALSE, :now, :now)",
            "deployments VALUES ('live', 'credit', NULL, 1, TRUE, :now, :now)",
        ):
            connection.execute(text(f"INSERT INTO {insertion}"), row)
        upgrade(config, "0004")
        for insertion in (
            "shares VALUES ('live', 0, 'credit', 'champion', NULL, 25)",
            "shadows VALUES ('live', 'credit', NULL, 1, 50)",
        ):
            connection.execute(text(f"INSERT INTO {insertion}"), row)
    engine.dispose()
    store = MetadataStore(url)
    with store.writing() as records:
        follows, live = records.deployments()
        assert (follows.space, follows.version, follows.reference) == (DEFAULT_SPACE, 1, "@champion")
        assert (live.version, live.default, live.sticky, live.log) == (1, True, False, LogSettings())
        assert [(share.version, share.weight) for share in live.split] == [(1, 25.0)]
        assert live.shadow == Shadow(reference="1", version=1, digest=version(1).digest, share=50.0)
        assert len({follows.id, live.id}) == 2
        assert records.version("credit", 1) is not None
        moved = records.move_alias(change(1, records.alias("credit", "champion")))
        assert (moved.id, moved.parent) == (8, 7)
        records.add_version(version(records.next_number("credit")))
        records.put_split("live", [(None, 2, 10.0)], sticky=True, at=LATER)
        assert [share.version for share in records.deployments()[1].split] == [2]
    store.close()


def test_a_deleted_model_leaves_nothing(store: Store) -> None:
    with store.writing() as records:
        with_versions(records, 1)
        records.move_alias(change(1))
        records.delete_model("credit")
        assert not records.holds(version(1).digest)
        assert records.alias_changes("credit", "champion") == []
        records.add_model("credit", NOON)
        assert records.next_number("credit") == 1


def test_the_change_counter_grows(store: Store) -> None:
    with store.writing() as records:
        before = records.change_counter()
        records.count_change()
        assert records.change_counter() > before


def test_kept_content_is_given_back(artifacts: Artifacts) -> None:
    artifacts.put(DIGEST, b"content")
    artifacts.put(DIGEST, b"content")
    assert artifacts.has(DIGEST)
    assert artifacts.path(DIGEST).read_bytes() == b"content"
    assert list(artifacts.digests()) == [DIGEST]


def test_content_that_was_damaged_is_mended_by_putting_it_again(artifacts: Artifacts) -> None:
    artifacts.put(DIGEST, b"content")
    artifacts.path(DIGEST).write_bytes(b"damaged")
    artifacts.put(DIGEST, b"content")
    assert artifacts.path(DIGEST).read_bytes() == b"content"


def test_absent_content_is_not_found_and_can_be_deleted(artifacts: Artifacts) -> None:
    artifacts.delete(DIGEST)
    assert not artifacts.has(DIGEST)
    assert list(artifacts.digests()) == []
    with pytest.raises(NotFound, match="register its file again"):
        artifacts.path(DIGEST)
