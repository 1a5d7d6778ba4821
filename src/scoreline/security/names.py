"""Names of spaces, users and keys: what people type and dialects send."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from scoreline.core.errors import BadSetting, NotFound

LONGEST = 100
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")


def check(noun: str, name: str) -> str:
    """Return ``name`` when it may name a space or a key. Raises BadSetting."""
    if not name or len(name) > LONGEST or not name.isprintable() or name != name.strip():
        raise BadSetting(
            f"{noun} {clipped(name)!r}: a name has 1 to {LONGEST} characters that can be seen, none of them a space"
            " at its beginning or end",
            hint="for example credit-team",
        )
    if noun == "space" and (not name[0].isalnum() or "/" in name or "\\" in name):
        raise BadSetting(
            f"space {name!r}: a space's name starts with a letter or digit and holds no slash", hint="for example cards"
        )
    return name


def check_user(name: str) -> str:
    """Return ``name`` when it may name a user. Raises BadSetting."""
    if len(name) > LONGEST or not _USER.fullmatch(name):
        raise BadSetting(
            f"user {clipped(name)!r}: a name holds letters, digits and . _ @ + -, starts with a letter or digit and"
            f" has at most {LONGEST} characters",
            hint="for example anna or anna@example.com",
        )
    return name


def missing(noun: str, name: str, known: Iterable[str], make: str) -> NotFound:
    """Return the error for a name that is not there, with the names that are like it."""
    names = list(known)
    close = get_close_matches(name, names, n=3) or names[:5]
    return NotFound(f"no {noun} {clipped(name)!r}", hint=f"there is {', '.join(close)}" if close else make)


def clipped(text: str) -> str:
    """Return a text that fits where a name does, with nothing that cannot be seen."""
    seen = "".join(character if character.isprintable() else "�" for character in text)
    return seen if len(seen) <= LONGEST else seen[: LONGEST - 1] + "…"
