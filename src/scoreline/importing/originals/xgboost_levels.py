"""The levels of XGBoost's categories: in its files since 3.1, before that only their codes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from scoreline.core.errors import ModelRefused
from scoreline.core.schema import Column
from scoreline.scoring.values import text_reader

MOST_CODES = 100_000
_as_text = text_reader(Column(name="", type="category"))


def levels_of(model: dict[str, Any], categories: list[int]) -> tuple[dict[int, tuple[str, ...]], tuple[str, ...]]:
    """Return feature → levels in the order of their codes, and what whoever imports should know."""
    encoded = (model.get("cats") or {}).get("enc") or []
    if encoded:
        return {feature: _decoded(encoded[feature]) for feature in categories}, ()
    if not categories:
        return {}, ()
    largest = dict.fromkeys(categories, 0)
    for tree in model["trees"]:
        for node, start, size in zip(
            tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True
        ):
            feature = tree["split_indices"][node]
            largest[feature] = max(largest[feature], *tree["categories"][start : start + size])
    if max(largest.values()) >= MOST_CODES:
        raise ModelRefused(f"it has categories of more than {MOST_CODES:,} levels", hint="train with fewer")
    told = "it holds the codes of its categories and not their levels: they are given as whole numbers from 0"
    return {feature: tuple(map(str, range(code + 1))) for feature, code in largest.items()}, (told,)


def _decoded(encoded: dict[str, Any]) -> tuple[str, ...]:
    """Levels are numbers, or the UTF-8 bytes of texts one after the other with the places where each begins."""
    values = encoded["values"]
    if "offsets" not in encoded:
        return tuple(map(_as_text, values))
    offsets, content = encoded["offsets"], bytes(value & 0xFF for value in values)
    return tuple(content[a:b].decode() for a, b in pairwise(offsets))
