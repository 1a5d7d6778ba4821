"""The digest of a dataset: the same table, typed alike, has the same digest whatever file it came from."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

NULL_LENGTH = np.uint32(0xFFFFFFFF)
VERSION = b"scoreline dataset 1\n"


def digest_of(frame: pl.DataFrame) -> str:
    """Digest a frame of canonical types: ``sha256:`` over names, types and values, in column and row order."""
    whole = hashlib.sha256(VERSION + f"{len(frame)}\n".encode())
    for column in frame.iter_columns():
        name = column.name.encode()
        whole.update(len(name).to_bytes(4, "little") + name + column_digest(column))
    return f"sha256:{whole.hexdigest()}"


def column_digest(column: pl.Series) -> bytes:
    """Digest a canonical column's type and values, not its name."""
    digest = hashlib.sha256(str(column.dtype).encode())
    if column.dtype == pl.String:
        lengths = column.str.len_bytes().fill_null(int(NULL_LENGTH)).to_numpy()
        digest.update(np.ascontiguousarray(lengths, "<u4").data)
        digest.update((column.str.join("").item() or "").encode())
    elif column.dtype == pl.Boolean:
        digest.update(np.ascontiguousarray(column.cast(pl.Int8).fill_null(-1).to_numpy(), "i1").data)
    elif column.dtype == pl.Float64:
        # Adding zero makes minus zero plus zero; every missing value becomes the one NaN.
        values = column.fill_null(np.nan).to_numpy() + 0.0
        values[np.isnan(values)] = np.nan
        digest.update(np.ascontiguousarray(values, "<f8").data)
    else:
        moments = column.dt.epoch("us").fill_null(np.iinfo(np.int64).min).to_numpy()
        digest.update(np.ascontiguousarray(moments, "<i8").data)
    return digest.digest()
