"""What a caller may do, and where: plain data. ``security`` finds it out, every way in asks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

Action = Literal["view", "score", "edit", "admin"]
"""See what is there; score rows; change models and deployments; give others rights and keys."""
ACTIONS: tuple[Action, ...] = get_args(Action)
Needs = Literal["nothing", "view", "score", "edit", "admin"]
"""What a route asks of its caller; ``nothing``: that there is one."""
Role = Literal["viewer", "scorer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

ACTIONS_OF_ROLE: dict[Role, frozenset[Action]] = {
    "viewer": frozenset({"view"}),
    "scorer": frozenset({"view", "score"}),
    "editor": frozenset({"view", "score", "edit"}),
    "admin": frozenset(ACTIONS),
}
"""The one table of what a role may do in its space."""

DEFAULT_SPACE = "default"
EVERY_SPACE = "*"
"""Stands for all spaces there are and will be: who has ``admin`` here administers the installation."""
NO_ACTIONS: frozenset[Action] = frozenset()


Kind = Literal["key", "user", "anyone", "local", "system"]
"""Of who does something: a key, a user, any caller of an open server, who works on the machine, Scoreline itself."""


class Access(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Who a caller is and what it may do. One is made for a credential and kept as long as that holds."""

    kind: Kind
    id: str = ""
    """Of the key or the user; goes into the audit log."""
    name: str = ""
    """What people call it; goes into the logs."""
    space: str = DEFAULT_SPACE
    """The one that is meant where a request names none."""
    grants: Mapping[str, frozenset[Action]]
    """Actions by space."""
    deployments: frozenset[str] | None = None
    """The only deployments it may see and score, of ``space``; None: all."""
    expires_at: float = float("inf")
    """Seconds since the epoch: it counts for nothing from then on."""
    rate: float = 0.0
    """Requests a second that it may send; 0: any number."""

    def actions(self, space: str) -> frozenset[Action]:
        """Return what it may do in a space."""
        return self.grants.get(space, NO_ACTIONS) | self.grants.get(EVERY_SPACE, NO_ACTIONS)

    def may(self, action: Action, space: str, deployment: str | None = None) -> bool:
        """Whether it may do so in ``space``, with ``deployment`` where one is meant."""
        if self.deployments is not None and deployment is not None and deployment not in self.deployments:
            return False
        return action in self.actions(space)


ANYONE = Access(kind="anyone", grants={DEFAULT_SPACE: ACTIONS_OF_ROLE["scorer"]})
"""Every caller of a server that was told to be open: it sees and scores what the default space has."""
PLATFORM = Access(kind="anyone", name="platform", grants={EVERY_SPACE: ACTIONS_OF_ROLE["admin"]})
"""The platform whose container this is, where it alone asks, without a key, and loads the models."""
SYSTEM = Access(kind="system", name="system", grants={EVERY_SPACE: ACTIONS_OF_ROLE["admin"]})
"""The installation itself, where it does what nobody asked for."""
