"""Versions are swapped and workers die under full load, and no caller notices: `benchmarks.chaos`, for seconds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmarks.chaos import kill_under_load, swap_under_load

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")

N_CONNECTIONS, N_WORKERS = 64, 2


def test_no_request_fails_while_versions_are_promoted_and_rolled_back(tmp_path: Path) -> None:
    found = swap_under_load(tmp_path, n_swaps=8, n_rollbacks=3, n_connections=N_CONNECTIONS, n_workers=N_WORKERS)
    assert found.n_answers > 500
    assert found.versions == set(range(1, 10))
    assert (found.n_failed, found.n_of_no_active_version, found.n_wrong) == (0, 0, 0)


def test_what_was_answered_before_a_worker_was_killed_is_in_the_log_once(tmp_path: Path) -> None:
    found = kill_under_load(tmp_path, n_kills=3, n_connections=N_CONNECTIONS, n_workers=N_WORKERS)
    assert found.n_answered > 500
    assert (found.n_missing, found.n_twice, found.n_other) == (0, 0, 0)
    assert found.n_cut <= 3 * N_CONNECTIONS
