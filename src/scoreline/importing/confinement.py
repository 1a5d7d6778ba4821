"""What the process of an original may do: so much memory, so much time, no network, no files to write."""

from __future__ import annotations

import ctypes
import os
import resource

MOST_MEMORY_BYTES = 4 << 30
MOST_CPU_SECONDS = 600
LARGEST_WRITTEN_FILE_BYTES = 16 << 20
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
"""``CLONE_NEWUSER`` and ``CLONE_NEWNET`` of ``sched.h``."""
NO_NEW_PRIVILEGES = 38
"""``PR_SET_NO_NEW_PRIVS`` of ``prctl.h``."""


class NotConfined(Exception):
    """The kernel does not allow what a stranger's code needs around it."""


def confine(*, strict: bool) -> None:
    """Limit this process from now on. Where the kernel cannot take the network away, ``strict`` gives up.

    Must be called before a thread is started. Raises NotConfined.
    """
    _limit(resource.RLIMIT_AS, MOST_MEMORY_BYTES)
    _limit(resource.RLIMIT_CPU, MOST_CPU_SECONDS)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, LARGEST_WRITTEN_FILE_BYTES)
    library = ctypes.CDLL(None, use_errno=True)
    alone = getattr(library, "unshare", None)
    if alone is None or alone(NEW_USER | NEW_NETWORK) != 0:
        if strict:
            reason = os.strerror(ctypes.get_errno()) if alone is not None else "there is no unshare(2)"
            raise NotConfined(f"the kernel does not let this user take the network away from a process: {reason}")
        return
    library.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _limit(what: int, most: int) -> None:
    _soft, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))
