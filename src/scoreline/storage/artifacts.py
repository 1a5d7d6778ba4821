"""Scoring pipelines in a local folder, by digest."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from scoreline.core.errors import BadSetting, NotFound, Unavailable

STALE_SECONDS = 3600.0
"""A temporary file older than this was left by a killed process."""
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_SUFFIX = ".scoreline"


class LocalArtifacts:
    """Content by digest under ``folder``: ``ab/abcdef….scoreline``.

    A file appears under its name only when it is whole and on disk, so a killed process or a full disk leaves at most
    a temporary file, which a later ``put`` clears.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, digest: str, content: bytes) -> None:
        """Store ``content``; replace what is there when it differs.

        Raises Unavailable when the disk will not take it.
        """
        target = self._file(digest)
        if _read(target) == content:
            return
        try:
            _make_folder(target.parent, self.folder)
            _clear_stale(target.parent)
            _write(target, content)
        except OSError as error:
            raise Unavailable(
                f"cannot write into {target.parent}: {error.strerror}", hint="check free space and permissions"
            ) from error

    def has(self, digest: str) -> bool:
        """Whether the content is kept."""
        return self._file(digest).is_file()

    def path(self, digest: str) -> Path:
        """Return the file that holds the content. Raises NotFound."""
        file = self._file(digest)
        if not file.is_file():
            raise NotFound(f"scoring pipeline {digest} is not in {self.folder}", hint="register its file again")
        return file

    def delete(self, digest: str) -> None:
        """Remove the content if it is there."""
        self._file(digest).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        """Yield the digest of everything kept."""
        for file in self.folder.glob(f"??/*{_SUFFIX}"):
            digest = f"sha256:{file.stem}"
            if _DIGEST.fullmatch(digest):
                yield digest

    def _file(self, digest: str) -> Path:
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise BadSetting(f"{digest!r} is not a digest", hint="sha256: and 64 hexadecimal digits")
        return self.folder / match[1][:2] / f"{match[1]}{_SUFFIX}"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if temporary.read_bytes() != content:
            raise Unavailable(f"{target.parent} does not give back what was written", hint="check the disk")
        temporary.replace(target)
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _make_folder(folder: Path, root: Path) -> None:
    if folder.is_dir():
        return
    root.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    _sync_folder(root)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear_stale(folder: Path) -> None:
    oldest = time.time() - STALE_SECONDS
    for file in folder.glob(".*.part"):
        try:
            if file.stat().st_mtime < oldest:
                file.unlink()
        except FileNotFoundError:  # another process cleared it
            continue
