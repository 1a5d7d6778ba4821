"""Passwords: argon2id, at the cost that OWASP's cheat sheet names for servers of little memory."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from scoreline.core.errors import BadSetting

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB = 19 * 1024
PASSES = 2
SHORTEST = 8
LONGEST = 1024
"""Characters. What is longer is no password that somebody chose, and costs time to hash."""


class Passwords:
    """Hashes and checks them, one at a time in a process: many at once would take its memory."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def hash(self, password: str) -> str:
        """Return what is stored of a password; it holds its parameters and a random salt."""
        with self._turn:
            return self._hasher.hash(_normal(password))

    def match(self, stored: str | None, password: str) -> bool:
        """Whether a password is the stored one. Without a stored one it takes as long to find out that it is not."""
        from argon2.exceptions import InvalidHashError, VerificationError

        against = stored if stored is not None else self._nobodys
        with self._turn:
            try:
                self._hasher.verify(against, _normal(password[: LONGEST + 1]))
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher, Type

        return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1, type=Type.ID)

    @cached_property
    def _nobodys(self) -> str:
        return self.hash(secrets.token_urlsafe())


def check(name: str, password: str) -> str:
    """Return a password that somebody may have. Raises BadSetting, without the password."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadSetting(
            f"the password of {name!r} has {len(password)} characters: expected {SHORTEST} to {LONGEST}",
            hint="four words that have nothing to do with each other are easy to keep in mind",
        )
    if _normal(password).casefold() == name.casefold():
        raise BadSetting(f"the password of {name!r} is the name", hint="choose another")
    return password


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
