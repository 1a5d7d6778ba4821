"""The same name in several spaces: each has its own records, losses and folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.prediction_log.conftest import Make, ask, records

from scoreline.core.entities import full_name, own_name, split_full_name
from scoreline.prediction_log.compactor import Compactor
from scoreline.prediction_log.log import PredictionLog
from scoreline.prediction_log.places import Places, day_of
from scoreline.prediction_log.reading import deployments_with_records

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", fullmatch=True)
NAMED = st.tuples(NAMES, NAMES)
SPACES = ("default", "team", "team.credit", "default-credit")


@pytest.mark.parametrize("as_tables", [False, True])
def test_records_of_one_space_are_not_read_with_those_of_another(places: Places, make: Make, as_tables: bool) -> None:
    credit = make()
    with PredictionLog(places.folder) as log:
        for space in SPACES:
            ask(log, replace(credit, space=space), {"age": 1}, ids=[f"asked-in-{space}"])
        assert log.written() == {full_name("credit", space): 1 for space in SPACES}
    if as_tables:
        Compactor(places.folder).round()
        assert len(list(places.folder.glob("deployment=*"))) == len(SPACES)
        assert not list(places.segments.iterdir())
    assert deployments_with_records(places) == sorted(full_name("credit", space) for space in SPACES)
    for space in SPACES:
        found = records(places, full_name("credit", space))
        assert found["request_id"].to_list() == [f"asked-in-{space}"]


@given(NAMED, NAMED)
def test_no_two_deployments_share_a_folder(one: tuple[str, str], other: tuple[str, str]) -> None:
    places = Places(Path("predictions"))
    folders = [places.day(full_name(*named), day_of(0)) for named in (one, other)]
    assert (folders[0] == folders[1]) == (one == other)
    assert all(folder.parent.parent == places.folder for folder in folders)
    assert all(len(folder.parent.name) < 256 for folder in folders)


@given(NAMED, NAMES)
def test_a_full_name_tells_space_and_name(named: tuple[str, str], other: str) -> None:
    name, space = named
    full = full_name(name, space)
    assert split_full_name(full) == (space, name)
    assert own_name(full, space) == name
    assert own_name(full, other) == (name if other == space else None)
