"""Files of skops: models as lists of types and arrays, made only of types that are trusted."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from skops import io

from scoreline.core.errors import ModelRefused
from scoreline.importing.original import Original
from scoreline.importing.originals.objects import original_of

SHOWN = 20
MOST_BYTES = 2 << 30
"""Of all members together, unpacked."""
SCHEMA = "schema.json"
LARGEST_SCHEMA_BYTES = 64 << 20
FITTED_STATE: dict[str, tuple[str, ...]] = {
    "collections.OrderedDict": ("DictNode", "TypeNode"),
    "lightgbm.basic.Booster": ("ObjectNode",),
    "lightgbm.sklearn.LGBMClassifier": ("ObjectNode",),
    "lightgbm.sklearn.LGBMRegressor": ("ObjectNode",),
    "numpy.dtype": ("DTypeNode",),
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": ("ObjectNode",),
    "sklearn.metrics._dist_metrics.EuclideanDistance64": ("ObjectNode",),
    "sklearn.neighbors._ball_tree.BallTree": ("ObjectNode",),
    "sklearn.neighbors._kd_tree.KDTree": ("ObjectNode",),
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer": ("ObjectNode",),
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer": ("ObjectNode",),
    "sklearn.tree._tree.Tree": ("TreeNode",),
    "sklearn.utils._bunch.Bunch": ("DictNode",),
    "xgboost.core.Booster": ("ObjectNode",),
    "xgboost.sklearn.XGBClassifier": ("ObjectNode",),
    "xgboost.sklearn.XGBRegressor": ("ObjectNode",),
}
"""Types that hold what a fit found, and how skops writes them. They run no code of a file; one whose numbers are wrong
on purpose may crash the process that reads it, which is there for that. Written in another way they would be called
with what the file says: a Booster opens any file whose name it is given."""
FILES = ("file", "filename")
"""What scikit-learn's vectorizers say where rows hold no texts but the names of files to read."""


def open_skops(path: Path, trusted: tuple[str, ...]) -> Original:
    """Load a file whose types are all trusted: by skops, or by whoever imports it. Raises ModelRefused."""
    _check_ways(_schema(path), trusted)
    unknown = [name for name in io.get_untrusted_types(file=path) if name not in {*trusted, *FITTED_STATE}]
    if unknown:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise ModelRefused(
            f"it is made of types that skops does not trust: {', '.join(unknown[:SHOWN])}{more}",
            hint=f"if you know them and trust the file: --trust-type {','.join(unknown[:SHOWN])}",
        )
    model = io.load(path, trusted=[*trusted, *FITTED_STATE])
    if any(getattr(part, "input", "") in FILES for part in _parts(model)):
        raise ModelRefused(
            "it reads the files whose names are in the rows", hint="fit its vectorizer with input='content'"
        )
    return original_of(model, "skops")


def _schema(path: Path) -> Any:
    """Return what a file is made of. Raises ModelRefused for one that unpacks to too much."""
    with zipfile.ZipFile(path) as archive:
        n_bytes = sum(member.file_size for member in archive.infolist())
        if n_bytes > MOST_BYTES or archive.getinfo(SCHEMA).file_size > LARGEST_SCHEMA_BYTES:
            raise ModelRefused(f"it unpacks to {n_bytes:,} bytes, more than a model has")
        return json.loads(archive.read(SCHEMA))


def _check_ways(schema: Any, trusted: tuple[str, ...]) -> None:
    """Raise ModelRefused where a type of ``FITTED_STATE`` is made in a way that skops does not write."""
    for node in _nodes(schema):
        name, way = f"{node.get('__module__')}.{node.get('__class__')}", node.get("__loader__")
        if name not in trusted and name in FITTED_STATE and way not in FITTED_STATE[name]:
            raise ModelRefused(
                f"it makes a {name} by a {way}, which skops does not write", hint="write it with skops.io"
            )


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    left = [schema]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            yield one
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)


def _parts(model: Any) -> Iterator[Any]:
    """Yield a model and all that is in it: steps, and what their fits found."""
    left, seen = [model], {id(model)}
    while left:
        one = left.pop()
        yield one
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list | tuple | set) else ()
        for each in (*inner, *getattr(one, "__dict__", {}).values()):
            if id(each) not in seen:
                seen.add(id(each))
                left.append(each)
