"""What is kept of a credential, so that the next request with it costs one look into a dictionary.

The key of that dictionary is the header's own bytes. Looking one up compares their keyed hash first, and bytes only
where all 64 bits of it agree, so how long it takes tells nothing about how much of a guessed key is right.
"""

from __future__ import annotations

import copy
import math
from time import time

from scoreline.core.access import Access, Needs
from scoreline.core.errors import Forbidden, ScorelineError, TooManyRequests
from scoreline.web.gate.rate import Bucket

NOBODY = Access(kind="anyone", grants={})
"""Who asks for what needs nothing: nobody finds out who that is."""


class Pass:
    """A credential that holds, in one space."""

    __slots__ = ("_actions", "_bucket", "_elsewhere", "access", "expires_at", "name", "reached", "used")

    def __init__(self, access: Access, bucket: Bucket | None = None) -> None:
        self.access = access
        self.name = access.name
        self.expires_at = access.expires_at
        self._elsewhere: frozenset[str] = frozenset().union(*access.grants.values())
        self._actions = access.actions(access.space) | {"nothing"} | (self._elsewhere & {"score"})
        self._bucket = bucket
        self.reached: set[str] = set()
        """Full names of deployments with which it was found to be good for scoring."""
        self.used = False
        """Whether a request came with it since that was last asked."""

    def admit(self, needs: Needs, *, anywhere: bool = False) -> Access:
        """Let a request in. Raises TooManyRequests, Forbidden.

        ``anywhere``: a right in any space is enough, because its address may lead there; whoever answers asks
        ``check_reach``. So does whatever scores.
        """
        self.used = True
        if self._bucket is not None and (seconds := self._bucket.take()):
            raise TooManyRequests(
                f"{self.access.kind} `{self.access.name}` may send {self.access.rate:g} requests a second, "
                "and sends more",
                hint="wait as long as Retry-After says; an administrator sets the rate",
                retry_seconds=math.ceil(seconds),
            )
        if needs not in self._actions and not (anywhere and needs in self._elsewhere):
            raise forbidden(self.access, needs)
        return self.access


class Stranger:
    """A credential that does not hold, or none."""

    __slots__ = ("_error", "expires_at", "reached")
    name = ""

    def __init__(self, error: ScorelineError, expires_at: float = math.inf) -> None:
        self._error = error
        self.expires_at = expires_at
        self.reached: set[str] = set()

    def admit(self, needs: Needs, *, anywhere: bool = False) -> Access:
        """Raise the reason, a copy each time: an error that is raised keeps all that it was raised through."""
        raise copy.copy(self._error)


class Guest(Stranger):
    """The same on a server that is open to all: for some things no credential is needed."""

    __slots__ = ("_access", "_actions")

    def __init__(self, access: Access, error: ScorelineError, expires_at: float = math.inf) -> None:
        super().__init__(error, expires_at)
        self._access = access
        self._actions: frozenset[str] = access.actions(access.space) | {"nothing"}

    def admit(self, needs: Needs, *, anywhere: bool = False) -> Access:
        """Let a request in for what is open. Raises the reason why not for anything else."""
        return self._access if needs in self._actions else super().admit(needs)


def is_over(expires_at: float) -> bool:
    """Whether that moment, in seconds since the epoch, has passed."""
    return expires_at <= time()


def forbidden(access: Access, needs: Needs) -> Forbidden:
    """Return the error that says what is missing in the access's space."""
    actions = ", ".join(sorted(access.actions(access.space)))
    return Forbidden(
        f"this needs the right to {needs} in space `{access.space}`; {access.kind} `{access.name}` "
        f"has {f'that to {actions}' if actions else 'none'} there",
        hint="ask with another key, or ask an administrator of the space for the role",
    )
