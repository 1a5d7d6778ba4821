"""Names of models, aliases and deployments, and references such as ``credit@champion``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from scoreline.core.errors import BadSetting, NotFound

CHAMPION = "champion"
LONGEST_NAME = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NUMBER = re.compile(r"[0-9]{1,9}")


class Reference(NamedTuple):
    """Which version of a model is meant: an alias to follow, or a number."""

    alias: str | None
    number: int | None

    def __str__(self) -> str:
        return f"@{self.alias}" if self.alias is not None else str(self.number)


def check_name(noun: str, name: str) -> str:
    """Return ``name`` when it may name a ``noun``; raise BadSetting with a name that may otherwise."""
    if len(name) <= LONGEST_NAME and _NAME.fullmatch(name):
        if noun == "alias" and _NUMBER.fullmatch(name):
            raise BadSetting(f"alias {name!r} reads as a version number", hint=f"try {'v' + name!r}")
        return name
    shown = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"
    better = suggest_name(name)
    raise BadSetting(
        f"{noun} {shown!r}: a name holds letters, digits, dot, dash and underscore, starts with a letter or digit"
        f" and has at most {LONGEST_NAME} characters",
        hint=f"try {better!r}" if better else "",
    )


def suggest_name(text: str) -> str:
    """Return the nearest allowed name to ``text``, or ``""`` when nothing of it can be kept."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:LONGEST_NAME].rstrip("-._")


def parse_reference(text: str) -> tuple[str, Reference]:
    """Split ``MODEL``, ``MODEL@3`` or ``MODEL@champion`` into the model's name and what is asked for.

    ``MODEL`` alone means ``MODEL@champion``. Raises BadSetting when either half is not a name.
    """
    model, at, reference = text.partition("@")
    check_name("model", model)
    if at and not reference:
        raise BadSetting(f"{text!r}: nothing after the @", hint=f"{model}@3 or {model}@{CHAMPION}")
    return model, parse_version(reference or CHAMPION)


def parse_version(text: str) -> Reference:
    """Read ``3``, ``champion`` or ``@champion``."""
    name = text.removeprefix("@")
    if _NUMBER.fullmatch(name):
        if text.startswith("@") or int(name) == 0:
            raise BadSetting(
                f"{text!r} is neither a version nor an alias", hint="versions are 1, 2, …; aliases are names"
            )
        return Reference(None, int(name))
    return Reference(check_name("alias", name), None)


def missing(noun: str, name: str, known: Iterable[str], *, inside: str = "") -> NotFound:
    """Return the error for a name that is not there, with the names that are like it."""
    names = list(known)
    close = get_close_matches(name, names, n=3) or names[:5]
    where = f" of {inside}" if inside else ""
    if close:
        return NotFound(f"no {noun} {name!r}{where}", hint=f"there is {', '.join(close)}")
    return NotFound(f"no {noun} {name!r}{where}", hint=f"there are no {_plural(noun)} yet")


def _plural(noun: str) -> str:
    return noun + ("es" if noun.endswith("s") else "s")
