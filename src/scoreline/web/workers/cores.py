"""How many workers have a core each."""

from __future__ import annotations

import os
from pathlib import Path

CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(quota: Path = CGROUP_QUOTA) -> int:
    """Cores that this process may keep busy: less than the machine has under ``taskset`` or in a container.

    Of a container's share of a core nothing is made: a worker that cannot have a whole one is stopped in the middle.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        share, period = quota.read_text().split()
        cores = min(cores, int(share) // int(period))
    except (OSError, ValueError):  # not Linux, or no limit: `max`
        pass
    return max(1, cores)
