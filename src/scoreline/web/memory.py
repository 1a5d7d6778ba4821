"""Memory that was needed once is given back: after large requests a worker holds little more than before."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

MAPPED_BYTES = 128 * 1024
"""What is as large as this is asked of the system, and goes back to it as soon as it is free."""

_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8


def allocate_large_blocks_apart() -> None:
    """Have the C library keep large blocks out of its heap for good, and one heap for all threads.

    By itself it learns to put them there, and a heap shrinks only from its end: a large block that was free would stay
    for as long as something small lies behind. A heap for each thread would hold what the other threads cannot use.
    """
    if (mallopt := _of_c_library("mallopt")) is not None:
        mallopt(_M_MMAP_THRESHOLD, MAPPED_BYTES)
        mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the system what lies free in the heaps. Takes milliseconds where there is much."""
    if (trim := _of_c_library("malloc_trim")) is not None:
        trim(ctypes.c_size_t(0))


def _of_c_library(name: str) -> Callable[..., int] | None:
    """Return a function that glibc has; other C libraries do without it."""
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):
        return None
    return function
