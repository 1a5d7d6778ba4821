"""Use case: a certificate for a server that has none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from scoreline.core.errors import BadSetting, Conflict
from scoreline.security.certificate import NAMES, self_signed

MOST_DAYS = 3650


class Certificate(NamedTuple):
    """What was written."""

    certificate: Path
    key: Path
    names: tuple[str, ...]
    expires_at: datetime


def make_certificate(
    names: Sequence[str], *, certificate: Path, key: Path, days: int, replace: bool = False
) -> Certificate:
    """Write a certificate that signs itself, and its private key, which only its owner may read.

    Raises BadSetting, and Conflict where a file is there and may not be replaced.
    """
    if not 1 <= days <= MOST_DAYS:
        raise BadSetting(f"a certificate for {days} days is not made", hint=f"1 to {MOST_DAYS} days")
    now = datetime.now(UTC)
    pem = self_signed(names, now, timedelta(days=days))
    for file in (certificate, key):
        if file.exists() and not replace:
            raise Conflict(f"{file} is there already", hint="--force replaces it; a server that runs takes it up")
    for file, content, mode in ((key, pem.key, 0o600), (certificate, pem.certificate, 0o644)):
        _write(file, content, mode)
    return Certificate(certificate, key, tuple(dict.fromkeys((*names, *NAMES))), now + timedelta(days=days))


def _write(file: Path, content: bytes, mode: int) -> None:
    """Write a file that is whole, and nobody else's, from the first moment on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    part.replace(file)
