"""Passwords are typed or piped, never an argument: every user of a machine can read the arguments of all programs."""

from __future__ import annotations

import getpass
import sys

from scoreline.core.errors import BadSetting


def ask(name: str) -> str:
    """Return a new password for a user: typed twice, or the first line of a stdin that is no terminal.

    Raises BadSetting.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise BadSetting(f"no password for {name!r} on stdin", hint="its first line is the password")
        return line
    first = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Once more: ") != first:
        raise BadSetting("the two passwords differ", hint="type the same one twice")
    return first
