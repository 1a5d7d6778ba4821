"""What the process of an original may do: so much memory, so much time, no network, no files to write."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal

MOST_MEMORY_BYTES = 4 << 30
MOST_CPU_SECONDS = 600
LARGEST_WRITTEN_FILE_BYTES = 16 << 20
NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NETWORK = 0x08000000, 0x10000000, 0x20000000, 0x40000000
"""``CLONE_NEWIPC``, ``CLONE_NEWUSER``, ``CLONE_NEWPID`` and ``CLONE_NEWNET`` of ``sched.h``."""
DIE_WITH_PARENT, NO_NEW_PRIVILEGES = 1, 38
"""``PR_SET_PDEATHSIG`` and ``PR_SET_NO_NEW_PRIVS`` of ``prctl.h``."""
STRICT = "--strict"


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
    unshare = getattr(library, "unshare", None)
    apart = NEW_USER | NEW_NETWORK | NEW_IPC | (NEW_PROCESSES if strict else 0)
    if unshare is None or unshare(apart) != 0:
        if strict:
            reason = os.strerror(ctypes.get_errno()) if unshare is not None else "there is no unshare(2)"
            raise NotConfined(f"the kernel does not let this user take the network away from a process: {reason}")
        return
    library.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if strict:
        _go_on_alone(library)


def _go_on_alone(library: ctypes.CDLL) -> None:
    """Go on as a child that sees no other process; this one only waits for it."""
    child = os.fork()
    if child:
        _pid, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    library.prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def _limit(what: int, most: int) -> None:
    _soft, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with contextlib.suppress(
        ValueError, OSError
    ):  # a kernel may have no such limit; strictness asks for more than these
        resource.setrlimit(what, (most, most))
