"""How a column is distributed, for drift."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scoreline.core.schema import Schema

QUANTILES = np.linspace(0, 1, 21)
BINS = 20
LEVELS = 100


def profile(frame: pl.DataFrame, schema: Schema) -> dict[str, dict[str, Any]]:
    """Describe each column of ``schema`` as it is in ``frame``: plain values, ready for JSON.

    Every column has its ``type``, ``n_rows`` and ``missing`` (a share). Number and datetime (in seconds since 1970):
    ``mean``, ``sd``, ``quantiles`` (0 to 1 by 0.05) and ``histogram`` (20 equal bins: ``edges``, ``shares`` of the
    present values). Boolean: ``true``, a share. Category: ``levels`` → share of the present values, the 100 most
    frequent, and ``n_levels``. Text: the same figures as a number, of its length in characters.
    """
    return {
        column.name: {
            "type": column.type,
            "n_rows": len(frame),
            "missing": frame[column.name].null_count() / max(len(frame), 1),
            **_distribution(frame[column.name].drop_nulls(), column.type),
        }
        for column in schema.columns
    }


def _distribution(values: pl.Series, type_: str) -> dict[str, Any]:
    if not len(values):
        return {}
    if type_ == "boolean":
        return {"true": float(values.cast(pl.Float64).to_numpy().mean())}
    if type_ == "category":
        counts = values.alias("level").value_counts().sort(["count", "level"], descending=[True, False])
        shares = (counts["count"].head(LEVELS) / len(values)).to_list()
        return {"n_levels": len(counts), "levels": dict(zip(counts["level"].head(LEVELS), shares, strict=True))}
    if type_ == "datetime":
        return _numbers((values.dt.epoch("us") / 1e6).to_numpy())
    if type_ == "text":
        return _numbers(values.str.len_chars().cast(pl.Float64).to_numpy())
    return _numbers(values.to_numpy())


def _numbers(values: NDArray[np.float64]) -> dict[str, Any]:
    quantiles = np.quantile(values, QUANTILES)
    low, high = float(quantiles[0]), float(quantiles[-1])
    # Scaled to 0..1 first: the width of a bin must not overflow or vanish at the ends of what a float can be.
    scale = high / 2 - low / 2
    places = (
        np.clip(((values / 2 - low / 2) / scale * BINS).astype(int), 0, BINS - 1) if scale > 0 else np.zeros(1, int)
    )
    counts = np.bincount(places, minlength=BINS) if scale > 0 else np.bincount([0], [len(values)], BINS)
    steps = np.linspace(0, 1, BINS + 1)
    return {
        "mean": float(values.mean()),
        "sd": float(values.std()),
        "quantiles": quantiles.tolist(),
        "histogram": {"edges": (low * (1 - steps) + high * steps).tolist(), "shares": (counts / len(values)).tolist()},
    }
