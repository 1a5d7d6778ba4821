"""What this process may use of the machine: less than the machine has in a container or under ``taskset``."""

from __future__ import annotations

import os
from pathlib import Path

WORKER_BYTES = 400 << 20
"""Memory of a worker over a table of moderate size."""
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
MEMINFO = Path("/proc/meminfo")


def available_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_workers() -> int:
    """Count workers: one a core, but no more than have room in memory."""
    return max(1, min(available_cores(), available_bytes() // WORKER_BYTES))


def available_bytes(meminfo: Path = MEMINFO, cgroup_limit: Path = CGROUP_LIMIT) -> int:
    """Memory that is free, or the container's limit where that is less; without end where nobody tells."""
    found = [1 << 62]
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        found.append(int(lines["MemAvailable"].split()[0]) << 10)
        found.append(int(cgroup_limit.read_text()))
    except (OSError, KeyError, ValueError):  # not Linux, or no limit: `max`
        pass
    return min(found)
