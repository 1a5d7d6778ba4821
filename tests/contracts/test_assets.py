"""What use cases ask of the store of assets, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.databases import DATABASES, empty_database

from scoreline.app.assets.store import AssetStore
from scoreline.core.assets import Asset, new_id
from scoreline.storage.assets import MetadataAssets
from scoreline.storage.metadata import MetadataStore

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AssetStore]:
    with empty_database(request.param, tmp_path) as url:
        metadata = MetadataStore(url)
        yield MetadataAssets(metadata)
        metadata.close()


def asset(**fields: Any) -> Asset:
    usual = {"id": new_id(), "space": "default", "kind": "model", "name": "Über Risk", "created_at": NOON}
    return Asset(**{**usual, "updated_at": NOON, **fields})


def put(store: AssetStore, *made: Asset) -> None:
    with store.writing() as records:
        for each in made:
            records.put(each)


def test_what_is_put_is_read_back_as_it_was(store: AssetStore) -> None:
    details = {"custom": {"ä": [1, None, 0.1]}, "tags": ["a"]}
    made = asset(owner="key", state="queued", model="credit", version=3, parent=new_id(), details=details)
    put(store, made)
    with store.reading() as records:
        assert records.asset(made.id) == made
        assert records.asset(new_id()) is None


def test_a_number_that_is_none_is_kept_as_missing(store: AssetStore) -> None:
    made = asset(kind="job", details={"input_data": [{"values": [[float("nan"), float("inf"), 1e300, "\x00"]]}]})
    put(store, made)
    with store.reading() as records:
        kept = records.asset(made.id)
    assert kept is not None
    assert kept.details == {"input_data": [{"values": [[None, None, 1e300, "\x00"]]}]}


def test_what_is_put_again_takes_the_place_of_what_was(store: AssetStore) -> None:
    made = asset()
    put(store, made)
    changed = replace(made, name="renamed", updated_at=NOON + timedelta(microseconds=1))
    put(store, changed)
    with store.reading() as records:
        assert records.assets("default", "model") == [changed]


def test_assets_are_found_by_space_and_kind_oldest_first(store: AssetStore) -> None:
    new, old, job = asset(created_at=NOON + timedelta(hours=1)), asset(), asset(kind="job")
    put(store, new, old, job)
    with store.reading() as records:
        assert records.assets("default", "model") == [old, new]
        assert records.assets("default", "job") == [job]
        assert records.assets("default", "deployment") == []
        assert records.assets("elsewhere", "model") == []


def test_jobs_are_found_by_their_state(store: AssetStore) -> None:
    queued, ended = asset(kind="job", state="queued"), asset(kind="job", state="completed")
    put(store, queued, ended)
    with store.reading() as records:
        assert records.in_state("job", ("queued", "running")) == [queued]
        assert records.in_state("model", ("queued", "running")) == []


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: AssetStore) -> None:
    made, kept = asset(), asset()
    put(store, made, kept)
    for _ in range(2):
        with store.writing() as records:
            records.delete(made.id)
    with store.reading() as records:
        assert records.assets("default", "model") == [kept]


def test_an_exception_undoes_all_of_a_writing(store: AssetStore) -> None:
    def write_and_fail() -> None:
        with store.writing() as records:
            records.put(asset())
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_and_fail()
    with store.reading() as records:
        assert records.assets("default", "model") == []
