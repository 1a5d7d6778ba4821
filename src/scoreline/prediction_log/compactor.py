"""The compactor: complete segments become tables, small tables large ones, and days that are too old go."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from scoreline.prediction_log.compaction import SegmentCompaction
from scoreline.prediction_log.locks import is_locked, locked
from scoreline.prediction_log.losses import remove_ledgers
from scoreline.prediction_log.merging import merge_day, obsolete
from scoreline.prediction_log.places import PART, Places, segment_of, tables
from scoreline.prediction_log.segment import sync_folder
from scoreline.prediction_log.tables import Step

WARNING_SECONDS = 60.0
"""How long trouble that goes on is not told again."""
LIVE_SECONDS = 24 * 3600.0
"""No segment is written to for so long: each is renewed within minutes."""
MERGE_TODAY_FROM = 32
"""Small tables of a day that goes on are merged when there are so many of them; of a day that is over, any two."""

log = logging.getLogger("scoreline.prediction_log")


class Compacted(msgspec.Struct, kw_only=True):
    """What a round has done."""

    n_segments: int = 0
    """That became tables."""
    n_tables: int = 0
    n_merged: int = 0
    """Tables that were written out of several."""
    n_waiting: int = 0
    """Segments that are complete and could not be compacted."""
    n_live: int = 0
    """Segments that a server writes to."""


def _today() -> date:
    return datetime.now(UTC).date()


class Compactor:
    """Compacts one prediction log. Whenever it is killed, each record is in one place or can be told to be in two.

    A table is named after its segment, so that a compaction that was interrupted is done again from the beginning; the
    segment is removed when its tables are on the disk. A merged table names the tables whose records it holds, so that
    these can be removed later. Nothing is removed while somebody reads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keep_days: int | None = None,
        on_step: Step = lambda step: None,
        today: Callable[[], date] = _today,
    ) -> None:
        self._places = Places(folder)
        self._keep_days = keep_days
        self._on_step = on_step
        self._today = today
        self._compacted: set[Path] = set()
        """Segments whose tables are there, and which are to be removed."""
        self._unsettled: set[Path] = set()
        """Days where there may be something to merge."""
        self._recovered = False
        self._warned_at = -WARNING_SECONDS

    def round(self) -> Compacted:
        """Do all there is to do. Raises OSError when the folder cannot be used."""
        done = Compacted()
        if not self._places.segments.is_dir():
            return done
        with locked(self._places.compacting, wait=True):
            if not self._recovered:
                self._recover()
            self._compact_all(done)
            self._forget_spaces(done)
            for day in sorted(self._unsettled):
                self._merge(day, done)
            self._forget_old_days()
            remove_ledgers(self._places.losses, self._first_day())
        return done

    def _recover(self) -> None:
        """Undo what was interrupted."""
        present = self._present()
        for _, day in self._places.day_folders():
            self._unsettled.add(day)
            for path in (*day.glob(f".*{PART}"), *(path for path in tables(day) if segment_of(path) in present)):
                path.unlink(missing_ok=True)
        self._recovered = True

    def _present(self) -> set[str]:
        return {path.stem for path in self._places.segment_files()}

    def _compact_all(self, done: Compacted) -> None:
        complete = []
        for path in self._places.segment_files():
            with contextlib.suppress(FileNotFoundError):  # it held nothing
                if is_locked(path):
                    done.n_live += 1
                else:
                    complete.append(path)
        for i, path in enumerate(complete):
            try:
                self._compact(path, done)
            except OSError as error:
                done.n_waiting = len(complete) - i
                self._warn("segments that wait to be compacted: %d: %s", done.n_waiting, error.strerror or error)
                return

    def _compact(self, path: Path, done: Compacted) -> None:
        if path not in self._compacted:
            compaction = SegmentCompaction(self._places, path, self._on_step)
            try:
                compaction.run()
            except OSError:
                raise
            except Exception as error:
                self._set_aside(path, error)
                return
            self._compacted.add(path)
            self._unsettled.update(table.parent for table in compaction.tables)
            done.n_segments += 1
            done.n_tables += len(compaction.tables)
        if self._remove([path]):
            sync_folder(self._places.segments)
            self._compacted.discard(path)
            self._on_step("segment removed")

    def _warn(self, message: str, *about: object) -> None:
        """Warn of what goes on, and not each time."""
        now = time.monotonic()
        if now - self._warned_at >= WARNING_SECONDS:
            self._warned_at = now
            log.warning(message, *about)

    def _set_aside(self, path: Path, error: Exception) -> None:
        self._places.set_aside.mkdir(exist_ok=True)
        path.replace(self._places.set_aside / path.name)
        log.error("%s cannot be compacted and was set aside as %s", path.name, self._places.set_aside, exc_info=error)

    def _merge(self, day: Path, done: Compacted) -> None:
        is_over = date.fromisoformat(day.name.partition("=")[2]) < self._today()
        try:
            done.n_merged += merge_day(day, 2 if is_over else MERGE_TODAY_FROM, self._present(), self._on_step)
            removed = self._remove(obsolete(tables(day)))
        except OSError as error:
            self._warn("tables of %s wait to be merged: %s", day, error.strerror or error)
            return
        if is_over and removed and not self._compacted:
            self._unsettled.discard(day)

    def _remove(self, paths: Iterable[Path]) -> bool:
        """Remove files that nobody reads; tell whether it could be done."""
        paths = list(paths)
        if not paths:
            return True
        with locked(self._places.reading) as alone:
            if alone:
                for path in paths:
                    path.unlink(missing_ok=True)
                    self._on_step("removed")
        return alone

    def _first_day(self) -> date | None:
        """Return the first day that is kept; None: all are."""
        return None if self._keep_days is None else self._today() - timedelta(days=self._keep_days)

    def _forget_spaces(self, done: Compacted) -> None:
        """Remove the tables of spaces that were deleted, and those that are made of what segments still hold."""
        for marker in self._places.forgotten.glob("*"):
            with locked(self._places.reading) as alone:
                if not alone:
                    return
                for folder in self._places.of_space(marker.name):
                    shutil.rmtree(folder)
                    self._unsettled = {day for day in self._unsettled if day.parent != folder}
                    log.info("%s was removed: its space was deleted", folder.name)
            if not done.n_waiting and time.time() - marker.stat().st_mtime > LIVE_SECONDS:
                marker.unlink()

    def _forget_old_days(self) -> None:
        first = self._first_day()
        if first is None:
            return
        old = [path for day, path in self._places.day_folders() if day < first]
        if not old:
            return
        with locked(self._places.reading) as alone:
            if alone:
                for path in old:
                    shutil.rmtree(path, ignore_errors=True)
                    self._unsettled.discard(path)
                    with contextlib.suppress(OSError):
                        path.parent.rmdir()
                log.info("%d days older than %d days were removed", len(old), self._keep_days)
