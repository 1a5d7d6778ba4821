"""``sample.json``: a few real rows with the scores they must give, for the self-test and the readiness probe.

    {"rows": [{"age": 67, "purpose": "radio"}], "scores": [[0.93, 0.07]]}

``rows`` are as a caller sends them; ``scores`` has a list for each: probabilities in label order, or the prediction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from scoreline.core.errors import ArtifactRefused, BadSetting
from scoreline.core.schema import Schema
from scoreline.scoring.decode import Decoder
from scoreline.scoring.graph import Graph
from scoreline.scoring.predictions import Answer

TOLERANCE = 1e-5
"""Largest difference of a score on another processor: of a probability, or of a prediction in units of the largest."""


class Sample(msgspec.Struct, frozen=True):
    """Rows, and the scores they must give."""

    rows: list[dict[str, Any]]
    scores: list[list[float]]


def make_sample(schema: Schema, graph: Graph, records: Sequence[Mapping[str, Any]]) -> bytes:
    """Score these rows (values as JSON, Python or a frame's ``to_dicts`` gives them) into the bytes of ``sample.json``.

    Raises:
        BadSetting: there is no row.
        SchemaMismatch: a row does not fit the schema.
    """
    if not records:
        raise BadSetting("a sample needs at least one row", hint="pass a few rows of the training data")
    known = [{column.name: row[column.name] for column in schema.columns if column.name in row} for row in records]
    rows = msgspec.json.decode(msgspec.json.encode(known))
    for column in schema.columns:
        if column.integer:
            _write_whole(rows, column.name)
    scores = graph.run(Decoder(schema).records(rows).rows)
    listed: list[list[float]] = scores.reshape(len(rows), -1).tolist()
    return msgspec.json.encode(Sample(rows, listed))


def _write_whole(rows: list[dict[str, Any]], name: str) -> None:
    """Write 3.0, as a frame holds a column of whole numbers where some are missing, as the 3 that people send."""
    for row in rows:
        value = row.get(name)
        if isinstance(value, float) and value.is_integer():
            row[name] = int(value)


def read_sample(data: bytes) -> Sample:
    """Parse ``sample.json``.

    Raises:
        ArtifactRefused: it is not of the shape above.
    """
    try:
        sample = msgspec.json.decode(data, type=Sample)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArtifactRefused(f"sample.json is not a sample: {error}") from None
    if not sample.rows or len(sample.rows) != len(sample.scores):
        raise ArtifactRefused(f"sample.json has {len(sample.rows)} rows and {len(sample.scores)} scores")
    return sample


def check_sample(sample: Sample, scores: Answer) -> None:
    """Compare the scores of the sample's rows with those they must give.

    Raises:
        ArtifactRefused: one differs by more than the tolerance.
    """
    found = scores.reshape(len(scores), -1).astype(np.float64)
    if any(len(row) != found.shape[1] for row in sample.scores):
        raise ArtifactRefused(f"sample.json: expected {found.shape[1]} scores for each row")
    expected = np.array(sample.scores, dtype=np.float64)
    allowed = TOLERANCE * max(1.0, float(np.nanmax(np.abs(expected), initial=0.0)))
    agree = (np.abs(found - expected) <= allowed) | (np.isnan(found) & np.isnan(expected))
    if not agree.all():
        i, j = (int(index) for index in np.argwhere(~agree)[0])
        raise ArtifactRefused(
            f"the self-test failed: sample row {i + 1} scored {found[i, j]:.9g} and must score {expected[i, j]:.9g}",
            hint="the graph, the runtime or the processor does not compute what was exported; export it again",
        )
