"""The same name in several spaces: each has its own records, losses and folders."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.prediction_log.conftest import Make, ask, records

from scoreline.core.entities import full_name, log_name, own_name, split_full_name
from scoreline.prediction_log.compactor import Compactor
from scoreline.prediction_log.log import PredictionLog
from scoreline.prediction_log.losses import Losses, read_losses
from scoreline.prediction_log.places import Places, day_of
from scoreline.prediction_log.reading import deployments_with_records
from scoreline.prediction_log.snapshot import reading

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", fullmatch=True)
NAMED = st.tuples(NAMES, NAMES)
SPACES = ("default", "team", "team.credit", "default-credit")


@pytest.mark.parametrize("as_tables", [False, True])
def test_records_of_one_space_are_not_read_with_those_of_another(places: Places, make: Make, as_tables: bool) -> None:
    credit = make()
    with PredictionLog(places.folder) as log:
        for space in SPACES:
            ask(log, replace(credit, space=space, space_id=f"id-{space}"), {"age": 1}, ids=[f"asked-in-{space}"])
        assert log.written() == {full_name("credit", space): 1 for space in SPACES}
    if as_tables:
        Compactor(places.folder).round()
        assert len(list(places.folder.glob("deployment=*"))) == len(SPACES)
        assert not list(places.segments.iterdir())
    assert deployments_with_records(places) == sorted(log_name("credit", space, f"id-{space}") for space in SPACES)
    for space in SPACES:
        found = records(places, log_name("credit", space, f"id-{space}"))
        assert found["request_id"].to_list() == [f"asked-in-{space}"]


@given(NAMES, NAMES, st.lists(st.uuids().map(str), min_size=2, max_size=2, unique=True), st.text())
def test_no_two_deployments_share_a_folder_whatever_their_spaces_are_called(
    one: str, other: str, ids: list[str], space: str
) -> None:
    places = Places(Path("predictions"))
    named = [log_name(name, space, identity) for name in (one, other) for identity in ids]
    folders = [places.day(name, day_of(0)) for name in named]
    assert len(set(folders)) == (1 if space == "default" else 2) * len({one, other})
    assert all(folder.parent.parent == places.folder for folder in folders)
    assert all(len(folder.parent.name) < 256 for folder in folders)


@given(NAMED, NAMES)
def test_a_full_name_tells_space_and_name(named: tuple[str, str], other: str) -> None:
    name, space = named
    full = full_name(name, space)
    assert split_full_name(full) == (space, name)
    assert own_name(full, space) == name
    assert own_name(full, other) == (name if other == space else None)


@pytest.mark.parametrize("again", [False, True])
def test_what_was_answered_in_a_space_that_was_deleted_goes_and_nothing_else(
    places: Places, make: Make, again: bool
) -> None:
    credit = make()
    gone, kept = (replace(credit, space="team", space_id=identity) for identity in ("id-1", "id-2"))
    with PredictionLog(places.folder) as log:
        for active in (credit, gone, kept):
            ask(log, active, {"age": 1}, ids=[f"of-{active.log_name}"])
    if again:  # some of it is in tables already, and a worker was still answering
        Compactor(places.folder).round()
    places.forget_space("id-1")
    with PredictionLog(places.folder) as log:
        ask(log, gone, {"age": 2})
    Compactor(places.folder).round()
    assert deployments_with_records(places) == ["credit", "id-2/credit"]
    assert [path.name for path in places.forgotten.iterdir()] == ["id-1"]
    os.utime(places.forgotten / "id-1", (0, 0))
    Compactor(places.folder).round()
    assert not list(places.forgotten.iterdir())
    assert records(places, "id-2/credit")["request_id"].to_list() == ["of-id-2/credit"]


def test_a_reader_keeps_what_it_reads_until_it_is_done(places: Places, make: Make) -> None:
    with PredictionLog(places.folder) as log:
        ask(log, replace(make(), space="team", space_id="id-1"), {"age": 1})
    places.forget_space("id-1")
    with reading(places):
        Compactor(places.folder).round()
        assert places.deployments() == ["id-1/credit"]
    Compactor(places.folder).round()
    assert places.deployments() == []


def test_what_was_lost_is_told_by_full_names_and_kept_by_the_names_of_the_log(places: Places) -> None:
    places.make()
    losses = Losses(places.losses)
    for identity in ("id-1", "id-2"):
        losses.add(f"{identity}/credit", "team/credit", 1, 2, "No space left on device")
    losses.save()
    assert {name: loss.n_rows for name, loss in losses.by_deployment().items()} == {"team/credit": 4}
    assert {name: loss.n_rows for name, loss in read_losses(places.losses).items()} == {
        "id-1/credit": 2,
        "id-2/credit": 2,
    }
    losses.close()
