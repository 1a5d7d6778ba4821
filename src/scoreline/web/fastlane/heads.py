"""Heads of requests that were read before: the same bytes at the start of a request mean the same again.

A caller sends one head with each of its requests, but for the length of the body. To look it up takes a fifth of the
time that it takes to parse it.
"""

from __future__ import annotations

from typing import NamedTuple

from scoreline.web.fastlane.call import Call
from scoreline.web.fastlane.targets import Target
from scoreline.web.fastlane.terms import Terms

N_HEADS_KEPT = 512
LONGEST_HEAD_KEPT = 2048
END = b"\r\n\r\n"


class Head(NamedTuple):
    """What a head says of its call."""

    n_bytes: int
    """Of the body."""
    target: Target
    credential: bytes
    wanted_space: bytes
    terms: Terms | None


class Heads:
    """Knows heads of calls that have nothing of their own: no id, no trace, no key, and nothing that was refused."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}
        self.find = self._known.get
        """Returns what bytes mean, if they are a head that is known."""

    def learn(self, text: bytes, head: Head) -> None:
        """Keep what a head means."""
        if len(self._known) >= N_HEADS_KEPT:
            self._known.clear()
        self._known[text] = head


class UnknownHeads(Heads):
    """Learns none: for connections on which each request is looked at."""

    def learn(self, text: bytes, head: Head) -> None:
        pass


def head_of(call: Call) -> Head:
    """Return the head of ``call``, which is whole."""
    return Head(call.size, call.target, call.credential, call.wanted_space, call.terms)
