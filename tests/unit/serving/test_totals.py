"""Totals of one process and of several, through the files that they leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scoreline.serving.totals import Totals

A, B, GAUGE = ("requests", "a"), ("requests", "b"), ("memory", "0")

KILLED = """
import os, pathlib, signal, sys
from scoreline.serving.totals import Totals
totals = Totals(pathlib.Path(sys.argv[1]), ["memory"])
totals.add(("requests", "a"), 41)
totals.add(("requests", "a"), 1)
totals.put(("memory", "0"), 1000)
totals.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_numbers_are_added_to_and_set() -> None:
    totals = Totals()
    totals.add(A, 2)
    totals.add(A, 0.5)
    totals.put(GAUGE, 7)
    totals.put(GAUGE, 3)
    assert totals.read() == {A: 2.5, GAUGE: 3}


def test_each_of_several_workers_reads_the_sum_of_all(tmp_path: Path) -> None:
    workers = [Totals(tmp_path, ["memory"]) for _ in range(3)]
    for n, worker in enumerate(workers, 1):
        worker.add(A, n)
        worker.put(GAUGE, 10)
    workers[0].add(B, 5)
    for worker in workers:
        worker.flush()
    assert [worker.read() for worker in workers] == [{A: 6, B: 5, GAUGE: 30}] * 3


def test_a_worker_goes_on_where_one_that_was_killed_stopped(tmp_path: Path) -> None:
    living = Totals(tmp_path, ["memory"])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert living.read() == {A: 42}
    successor = Totals(tmp_path, ["memory"])
    assert successor.follows_a_death
    assert not living.follows_a_death
    successor.add(A, 8)
    successor.flush()
    assert living.read() == {A: 50}
    assert len(list(tmp_path.iterdir())) == 2


def test_a_worker_that_ended_as_asked_is_no_death_and_keeps_its_counts(tmp_path: Path) -> None:
    first = Totals(tmp_path, ["memory"])
    first.add(A, 1)
    first.put(GAUGE, 10)
    first.close()
    second = Totals(tmp_path, ["memory"])
    assert not second.follows_a_death
    assert second.read() == {A: 1}
    second.put(GAUGE, 4)
    assert second.read() == {A: 1, GAUGE: 4}


def test_any_number_of_numbers_is_kept(tmp_path: Path) -> None:
    totals, other = Totals(tmp_path), Totals(tmp_path)
    wanted = {("missing", f"column {i}", "é" * (i % 9)): float(i) for i in range(3000)}
    for key, number in wanted.items():
        totals.put(key, number)
    totals.flush()
    assert other.read() == wanted
    totals.close()
    assert Totals(tmp_path).read() == wanted


def test_a_disk_that_is_full_costs_the_others_news_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import resource

    totals, other = Totals(tmp_path), Totals(tmp_path)
    totals.add(A, 1)
    totals.flush()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        for n in range(100):
            totals.add(("requests", f"{n}"), 1)
            totals.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert len([record for record in caplog.records if "File too large" in record.getMessage()]) == 1
    assert len(totals.read()) == 101
    assert other.read() == {A: 1}
    totals.add(B, 1)
    totals.flush()
    assert len(other.read()) == 102


def test_a_folder_that_is_gone_leaves_a_worker_to_itself(tmp_path: Path) -> None:
    totals = Totals(tmp_path / "gone")
    totals.add(A, 1)
    totals.flush()
    assert totals.read() == {A: 1}
    totals.close()
