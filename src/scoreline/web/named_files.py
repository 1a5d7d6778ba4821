"""Files that a request names in place of rows, where its dialect has that: read in a thread, scored like a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from scoreline.app.data_sets import DataFolder
from scoreline.serving.media.csv import Csv
from scoreline.serving.plane import Asked
from scoreline.serving.protocols.dialect import Dialect, InFiles

CSV = Csv(header=None)


def in_files(dialect: Dialect) -> InFiles | None:
    """Return the dialect where its requests may name a file."""
    return cast("InFiles", dialect) if hasattr(dialect, "file_of") else None


def body_naming(dialect: Dialect, query: Mapping[str, str]) -> bytes | None:
    """Return the body that names the file which an address names; None: it names none."""
    naming = in_files(dialect)
    return None if naming is None else naming.body_naming(query)


def names_file(asked: Asked) -> bool:
    """Whether a request names a file. Raises BadRequest."""
    naming = in_files(asked.dialect)
    return naming is not None and asked.medium is None and naming.file_of(asked.body, asked.active) is not None


def put_file(asked: Asked, folder: DataFolder, most_bytes: int) -> None:
    """Put the file that a request names, where it names one, in the place of its body.

    Raises BadRequest, Forbidden, NotFound, TooLarge.
    """
    naming = in_files(asked.dialect)
    if naming is None or asked.medium is not None:
        return
    name = naming.file_of(asked.body, asked.active)
    if name is not None:
        asked.body, asked.medium = folder.read(name, asked.active.space, most_bytes), CSV
