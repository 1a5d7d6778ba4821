"""A key's rate holds for all workers together, however its requests are spread over them."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.keys import Keys

from scoreline.core.access import Access
from scoreline.core.errors import TooManyRequests
from scoreline.web.gate import KeyGate, cells
from scoreline.web.gate.cells import Cells
from scoreline.web.gate.rate import Bucket
from scoreline.web.gate.rates import Rates
from scoreline.web.seat import Seat


def access(key: str, rate: float) -> Access:
    return Access(kind="key", id=key, grants={}, rate=rate)


def of_workers(folder: Path, key: str, rate: float, n: int = 2) -> list[Bucket]:
    """The bucket of one key in each of so many workers."""
    made = [Rates(Seat(i, folder), n).of(access(key, rate)) for i in range(n)]
    return [bucket for bucket in made if bucket is not None]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_all_workers_together_let_the_rate_through_however_requests_are_spread(share: float) -> None:
    now, cell, draw = 100.0, [0.0], random.Random(1)
    one, other = (Bucket(10, cell=cell, clock=lambda: now) for _ in range(2))
    n_through = 0
    for _ in range(3000):  # a minute, five times as many as may come
        now += 0.02
        n_through += not (one if draw.random() < share else other).take()
    assert n_through == pytest.approx(600 + 10, abs=1)


def test_what_one_worker_lets_through_the_others_know(tmp_path: Path) -> None:
    one, other, late = of_workers(tmp_path, "1", 0.05, 3)
    assert one.take() == 0.0
    for bucket in (other, late):
        assert 0.0 < bucket.take() <= 20.0
    (after_a_death, *_) = of_workers(tmp_path, "1", 0.05, 3)
    assert after_a_death.take() > 0.0


def test_keys_have_buckets_of_their_own_and_a_new_rate_holds_at_once(tmp_path: Path) -> None:
    rates = Rates(Seat(0, tmp_path), 2)
    first = rates.of(access("1", 0.05))
    assert rates.of(access("1", 0.05)) is first
    assert first is not None
    first.take()
    for known, is_empty in ((access("1", 0.05), True), (access("2", 0.05), False), (access("1", 0.04), True)):
        assert (bucket := rates.of(known)) is not None
        assert (bucket.rate, bucket.is_empty) == (known.rate, is_empty)
    assert rates.of(access("3", 0)) is None
    assert [path.name for path in tmp_path.iterdir()] == ["rates"]


def test_two_gates_of_a_server_refuse_what_is_too_much_for_both(tmp_path: Path) -> None:
    keys = Keys()
    keys.key("sl_1", rate=0.01)
    gates = [KeyGate(keys, seat=Seat(i, tmp_path), n_workers=2) for i in range(2)]
    passes = [gate._ask(b"sl_1", b"", "") for gate in gates]
    passes[0].admit("score")
    with pytest.raises(TooManyRequests, match=r"may send 0\.01 requests a second"):
        passes[1].admit("score")
    for gate in gates:
        gate.close()


def test_where_there_is_no_file_for_it_the_rate_is_shared_out(tmp_path: Path) -> None:
    (tmp_path / "rates").mkdir()
    assert [bucket.rate for bucket in of_workers(tmp_path, "1", 4)] == [2, 2]


def test_each_name_has_a_cell_of_its_own_whoever_asks_and_in_whatever_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "N_CELLS", 50)
    names = [f"key {number}" for number in range(50)]
    one, other = Cells(tmp_path), Cells(tmp_path)
    for number, name in enumerate(names):
        one.of(name)[0] = number + 0.5
    shuffled = random.Random(1).sample(names, len(names))
    assert {name: other.of(name)[0] for name in shuffled} == {name: i + 0.5 for i, name in enumerate(names)}
    with pytest.raises(OSError, match="50 keys"):
        other.of("one more")


def test_workers_that_look_at_once_find_the_same_cells(tmp_path: Path) -> None:
    def look(worker: int) -> list[int]:
        mine = Cells(tmp_path)
        found = [mine.of(f"key {number}") for number in random.Random(worker).sample(range(300), 300)]
        for cell in found:
            cell[0] = 1.0
        return [1 for number in range(300) if mine.of(f"key {number}")[0] == 1.0]

    with ThreadPoolExecutor(4) as threads:
        assert [len(found) for found in threads.map(look, range(4))] == [300] * 4
    table = memoryview((tmp_path / "rates").read_bytes()).cast("d")
    assert sum(table[1::2].tolist()) == 300
