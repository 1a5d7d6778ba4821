"""Workers: one a core, and no more than have room."""

from __future__ import annotations

from pathlib import Path

from scoreline.automl import machine


def test_the_smaller_of_free_memory_and_the_containers_limit_counts(tmp_path: Path) -> None:
    free, limit = tmp_path / "meminfo", tmp_path / "memory.max"
    free.write_text("MemTotal:  8000000 kB\nMemAvailable:  1000000 kB\n")
    limit.write_text("max\n")
    assert machine.available_bytes(free, limit) == 1_000_000 << 10
    limit.write_text("500000000\n")
    assert machine.available_bytes(free, limit) == 500_000_000


def test_where_nobody_tells_memory_is_no_limit(tmp_path: Path) -> None:
    assert machine.available_bytes(tmp_path / "none", tmp_path / "none") > 1 << 60


def test_there_is_always_a_worker() -> None:
    assert 1 <= machine.available_workers() <= machine.available_cores()
