"""Where the prediction log lies in a home."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote, unquote

SEGMENT = ".segment"
PARQUET = ".parquet"
PART = ".part"
"""A file that is not whole yet."""
_DAY = re.compile(r"date=(\d{4}-\d{2}-\d{2})")


class Places:
    """The folders of a prediction log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segments = folder / "segments"
        """What workers append to, one file for each thread that answers."""
        self.losses = folder / "losses"
        """What could not be written, one file for each worker."""
        self.set_aside = folder / "set-aside"
        """Bytes of segments that cannot be read."""
        self.forgotten = folder / "forgotten"
        """An empty file for each space that was deleted, named by its id, until nothing of it is left."""
        self.reading = folder / ".reading"
        """Locked by readers together, so that nothing is removed under them."""
        self.compacting = folder / ".compacting"
        """Locked by the one compactor that works."""

    def make(self) -> None:
        """Make the folders, for this user only: they hold what people asked."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.segments, self.losses):
            folder.mkdir(exist_ok=True)

    def segment_files(self) -> list[Path]:
        """Return the segments, the oldest first."""
        return sorted(self.segments.glob(f"[!.]*{SEGMENT}"))

    def deployments(self) -> list[str]:
        """Return the deployments, as the log calls them, that have tables."""
        return sorted(unquote(path.name.partition("=")[2]) for path in self.folder.glob("deployment=*"))

    def forget_space(self, space_id: str) -> None:
        """Have the compactor remove what there is of a space. Nobody reads it any more: no other space has its id."""
        if self.folder.is_dir():
            self.forgotten.mkdir(exist_ok=True)
            (self.forgotten / space_id).touch()

    def of_space(self, space_id: str) -> list[Path]:
        """Return the folders of a space's deployments; not of the default one, which is always there."""
        return sorted(self.folder.glob(f"deployment={quote(f'{space_id}/', safe='')}*"))

    def day(self, deployment: str, day: date) -> Path:
        """Return the folder of a deployment's day (UTC)."""
        return self._of(deployment) / f"date={day.isoformat()}"

    def days(self, deployment: str) -> dict[date, Path]:
        """Return the days (UTC) of a deployment that have tables, in order."""
        found: dict[date, Path] = {}
        for path in sorted(self._of(deployment).glob("date=*")):
            if match := _DAY.fullmatch(path.name):
                found[date.fromisoformat(match[1])] = path
        return found

    def _of(self, deployment: str) -> Path:
        """Return a deployment's folder. No two have the same: what a name may hold stands for itself, ``/`` is %2F."""
        return self.folder / f"deployment={quote(deployment, safe='')}"

    def day_folders(self) -> Iterator[tuple[date, Path]]:
        """Yield the days of all deployments."""
        for deployment in self.deployments():
            yield from self.days(deployment).items()


def tables(day: Path) -> list[Path]:
    """Return the tables of a day, the oldest first; none where there is no such day."""
    return sorted(day.glob(f"[!.]*{PARQUET}"))


def segment_of(table: Path) -> str:
    """Return the name of the segment whose records a table holds; of a merged table nothing that a segment has."""
    return table.name.partition(".")[0]


def day_of(at: float) -> date:
    """Return the day, in UTC, of a time in seconds since 1970."""
    return datetime.fromtimestamp(at, UTC).date()
