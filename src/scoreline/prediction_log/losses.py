"""What could not be written, counted by deployment, where another process can read it even while the disk is full."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from scoreline.prediction_log.locks import is_locked, lock_file

LEDGER_BYTES = 4096
"""Taken from the disk while there is room, and written over in place."""

_encode = msgspec.json.Encoder().encode


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Answered requests that left no record."""

    n_requests: int
    n_rows: int
    first_at: datetime
    last_at: datetime
    reason: str
    """Why the last of them was lost."""

    def and_then(self, later: Loss) -> Loss:
        """Return both together."""
        last = max(self, later, key=lambda loss: loss.last_at)
        return Loss(
            n_requests=self.n_requests + later.n_requests,
            n_rows=self.n_rows + later.n_rows,
            first_at=min(self.first_at, later.first_at),
            last_at=last.last_at,
            reason=last.reason,
        )


class Losses:
    """The losses of this process. Safe in threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._found: dict[str, Loss] = {}
        """As the log calls the deployments, …"""
        self._full_names: dict[str, str] = {}
        """… which others know by these."""
        self._saved: Mapping[str, Loss] = {}
        self._ledger: Ledger | None = None

    def add(self, log_name: str, full_name: str, n_requests: int, n_rows: int, reason: str) -> None:
        """Count requests that were answered and not written, of a deployment by both its names."""
        now = datetime.fromtimestamp(time.time(), UTC)
        loss = Loss(n_requests=n_requests, n_rows=n_rows, first_at=now, last_at=now, reason=reason)
        with self._lock:
            before = self._found.get(log_name)
            self._found[log_name] = loss if before is None else before.and_then(loss)
            self._full_names[log_name] = full_name

    def by_deployment(self) -> dict[str, Loss]:
        """Return what was lost so far, by full names."""
        total: dict[str, Loss] = {}
        with self._lock:
            for name, loss in self._found.items():
                full = self._full_names[name]
                total[full] = total[full].and_then(loss) if full in total else loss
        return total

    def save(self) -> None:
        """Write them down where they changed. Raises OSError when even that is impossible; it may be tried again."""
        if self._ledger is None:
            self._ledger = Ledger.create(self._folder)
        with self._lock:
            found = dict(self._found)
        if found != self._saved:
            self._ledger.write(_encode(found))
            self._saved = found

    def close(self) -> None:
        """Save them for the last time."""
        if self._ledger is not None:
            with contextlib.suppress(OSError):
                self.save()
            self._ledger.close(keep=bool(self._found))
            self._ledger = None

    def abandon(self) -> None:
        """Let go of them in a process that was forked."""
        if self._ledger is not None:
            self._ledger.abandon()


class Ledger:
    """A small file that is written over in place, locked by the process that writes it."""

    def __init__(self, path: Path, file: int) -> None:
        self._path = path
        self._file = file

    @classmethod
    def create(cls, folder: Path) -> Ledger:
        """Make a ledger while there is room for it. Raises OSError."""
        path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}.json"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        ledger = cls(path, file)
        try:
            lock_file(file)
            ledger.write(b"{}")
        except BaseException:
            ledger.close(keep=False)
            raise
        return ledger

    def write(self, document: bytes) -> None:
        """Write ``document`` over what is there. Raises OSError."""
        padded = document.ljust(-(-len(document) // LEDGER_BYTES) * LEDGER_BYTES)
        os.pwrite(self._file, padded, 0)
        os.ftruncate(self._file, len(padded))

    def close(self, *, keep: bool) -> None:
        """End it; without ``keep`` remove it."""
        if not keep:
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._file)

    def abandon(self) -> None:
        """Let go of it; it is another process's."""
        os.close(self._file)


def read_losses(folder: Path) -> dict[str, Loss]:
    """Return what all processes lost, of those that live and of those that are gone."""
    total: dict[str, Loss] = {}
    for path in sorted(folder.glob("*.json")):
        for deployment, loss in _read(path).items():
            total[deployment] = total[deployment].and_then(loss) if deployment in total else loss
    return total


def remove_ledgers(folder: Path, before: date | None = None) -> None:
    """Remove the ledgers of processes that are gone and lost nothing, or nothing since ``before``."""
    for path in folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):
            if is_locked(path):
                continue
            if not any(before is None or loss.last_at.date() >= before for loss in _read(path).values()):
                path.unlink()


def _read(path: Path) -> dict[str, Loss]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Loss])
    except (FileNotFoundError, msgspec.DecodeError):  # it was removed, or is being written
        return {}
