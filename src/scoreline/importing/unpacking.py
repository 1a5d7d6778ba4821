"""Archives of strangers: taken apart with limits, into a folder that is empty before."""

from __future__ import annotations

import stat
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from scoreline.core.errors import ModelRefused

MOST_FILES = 1_000
MOST_BYTES = 2 << 30
"""Of all files together, unpacked."""
DEEPEST = 12
LONGEST_NAME = 200
_CHUNK_BYTES = 1 << 20


class _Member(NamedTuple):
    name: str
    content: IO[bytes]


def unpack(path: Path, folder: Path) -> Path:
    """Take an archive apart; return the model in it. Raises ModelRefused as ``take_apart`` and ``model_among`` do."""
    return model_among(take_apart(path, folder), path.name)


def take_apart(path: Path, folder: Path) -> list[Path]:
    """Write the files of a zip or a tar (.gz too) into ``folder``; return them.

    Raises ModelRefused: damaged, too large, too many files, a link or a path that leads out.
    """
    left = MOST_BYTES
    files: list[Path] = []
    try:
        for member in _members(path):
            target = _inside(folder, member.name)
            if len(files) == MOST_FILES:
                raise ModelRefused(f"{path.name} holds more than {MOST_FILES:,} files")
            target.parent.mkdir(parents=True, exist_ok=True)
            with closing(member.content) as content, target.open("xb") as file:
                while chunk := content.read(_CHUNK_BYTES):
                    left -= len(chunk)
                    if left < 0:
                        raise ModelRefused(f"{path.name} holds more than {MOST_BYTES:,} bytes")
                    file.write(chunk)
            files.append(target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ModelRefused(f"{path.name} is damaged, or packed in a way that is not read: {error}") from None
    except OSError as error:
        raise ModelRefused(f"{path.name} cannot be unpacked: {error.strerror or error}") from None
    return files


def _members(path: Path) -> Iterator[_Member]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if stat.S_ISLNK(info.external_attr >> 16):
                    raise _link(info.filename)
                if not info.is_dir():
                    yield _Member(info.filename, archive.open(info))
        return
    with tarfile.open(path, "r|*") as stream:
        for entry in stream:
            if entry.isdir():
                continue
            content = stream.extractfile(entry) if entry.isreg() else None
            if content is None:
                raise _link(entry.name)
            yield _Member(entry.name, content)


def _inside(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name.replace("\\", "/"))
    plain = [part for part in parts.parts if part != "."]
    bad = parts.is_absolute() or ".." in plain or not plain or ":" in name or "\0" in name
    if bad or len(plain) > DEEPEST or len(name) > LONGEST_NAME:
        raise ModelRefused(f"the archive holds {name[:LONGEST_NAME]!r}, a path that leads out of it or is too long")
    return folder.joinpath(*plain)


def _link(name: str) -> ModelRefused:
    return ModelRefused(f"the archive holds {name[:LONGEST_NAME]!r}, which is a link or no plain file")


def model_among(files: Sequence[Path], archive: str) -> Path:
    """Return the model that some files are: an MLflow folder, or the only file. Raises ModelRefused."""
    described = [file.parent for file in files if file.name == "MLmodel"]
    if len(described) == 1:
        return described[0]
    if len(files) == 1:
        return files[0]
    raise ModelRefused(
        f"{archive} holds {len(files)} files and {len(described)} MLmodel: which is the model is not clear",
        hint="pack one model's file, or one MLflow model's folder",
    )
