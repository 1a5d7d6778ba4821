"""Keys without a database: the seam behind which the gate finds the security room."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

from scoreline.core.access import ACTIONS_OF_ROLE, DEFAULT_SPACE, PLATFORM, Access, Needs, Role
from scoreline.core.errors import NotFound, ScorelineError, Unauthenticated
from scoreline.core.identities import Outcome
from scoreline.web.gate import Gate, KeyGate


def everybody() -> KeyGate:
    """Make a gate that lets everybody do anything, as in a container of SageMaker's."""
    return KeyGate(Keys(), open_to=PLATFORM)


class Space(NamedTuple):
    name: str
    id: str


class Keys:
    """An authority whose keys, users and spaces are in memory. It counts how often it is asked."""

    def __init__(self, spaces: Iterable[str] = (DEFAULT_SPACE, "other", "third")) -> None:
        self.spaces = {name: Space(name, f"id-of-{name}") for name in spaces}
        self.n_asked = 0
        self.failure: Exception | None = None
        """What is raised in place of an answer."""
        self.held = threading.Event()
        """Answers wait until it is set."""
        self.held.set()
        self.used: list[list[str]] = []
        """Each time that the use of keys was noted: their ids."""
        self.recorded: list[tuple[str, str, str, str, str]] = []
        """What was written into the audit log."""
        self.origins: list[str] = []
        """From which addresses passwords came."""
        self._keys: dict[str, Access] = {}
        self._users: dict[str, tuple[str, Access]] = {}
        self._counter = 1

    def key(self, secret: str, role: Role = "scorer", *, space: str = DEFAULT_SPACE, **more: Any) -> str:
        """Make a key; return its secret."""
        grants = more.pop("grants", {space: ACTIONS_OF_ROLE[role]})
        self._keys[secret] = Access(kind="key", id=secret, name=f"the {role}'s", space=space, grants=grants, **more)
        return secret

    def user(self, name: str, password: str, role: Role = "scorer") -> None:
        """Make a user."""
        access = Access(kind="user", id=name, name=name, grants={DEFAULT_SPACE: ACTIONS_OF_ROLE[role]})
        self._users[name] = password, access

    def revoke(self, secret: str) -> None:
        """Revoke a key."""
        del self._keys[secret]
        self._counter += 1

    def change(self) -> None:
        """Change something that an access does not know of."""
        self._counter += 1

    def note_use(self, key_ids: Iterable[str]) -> None:
        self.used.append(sorted(key_ids))

    def record(self, action: str, target: str, access: Access, origin: str = "", outcome: Outcome = "done") -> None:
        self.recorded.append((action, target, access.id, origin, outcome))

    def change_counter(self) -> int:
        return self._counter

    def authenticate_secret(self, secret: str) -> Access:
        self._ask()
        try:
            return self._keys[secret]
        except KeyError:
            raise Unauthenticated("the key is not known, or was revoked", hint="ask with another") from None

    def authenticate_password(self, name: str, password: str, origin: str = "") -> Access:
        self._ask()
        self.origins.append(origin)
        wanted, access = self._users.get(name, ("", None))
        if access is None or wanted != password:
            raise Unauthenticated("name and password do not fit", hint="ask with others")
        return access

    def space(self, id_or_name: str) -> Space:
        for space in self.spaces.values():
            if id_or_name in space:
                return space
        raise NotFound(f"no space is named `{id_or_name}`")

    def _ask(self) -> None:
        self.n_asked += 1
        assert self.held.wait(20)
        if self.failure is not None:
            failure: Exception = self.failure
            raise failure if isinstance(failure, ScorelineError) else type(failure)(*failure.args)


async def identify(gate: Gate, credential: bytes, needs: Needs, *, space: str = "", origin: str = "") -> Access:
    """Ask a gate as what is no ASGI asks it. Raises what it refuses with."""
    known = gate.known(credential, space.encode())
    if known is None:
        loop = asyncio.get_running_loop()
        known = await asyncio.shield(gate.look_up(credential, space.encode(), origin, loop))
    return known.admit(needs)
