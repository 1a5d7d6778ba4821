"""What a deployment answers, as tensors: ``probability`` [n, c] and ``label`` [n], or ``prediction`` [n]."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from scoreline.core.errors import BadRequest
from scoreline.core.manifest import Manifest
from scoreline.core.schema import label_text
from scoreline.scoring.predictions import Predictions
from scoreline.serving.active import Active
from scoreline.serving.protocols.oip.datatypes import Datatype, Values, datatype_of

PLATFORM = "scoreline_onnx"


class Output(NamedTuple):
    """One of them."""

    name: str
    datatype: Datatype
    values: Callable[[Predictions], Values]
    """Gives an array of the shape that it has, or texts."""


def _labels(predictions: Predictions) -> list[str]:
    texts = [label_text(label) for label in predictions.labels]
    return [texts[i] for i in predictions.label_index.tolist()]


PREDICTION = Output("prediction", "FP64", lambda predictions: predictions.values)
PROBABILITY = Output("probability", "FP32", lambda predictions: predictions.values)
LABEL = Output("label", "BYTES", _labels)
REGRESSION: Mapping[str, Output] = {PREDICTION.name: PREDICTION}
CLASSIFICATION: Mapping[str, Output] = {PROBABILITY.name: PROBABILITY, LABEL.name: LABEL}


def choose(predictions: Predictions, wanted: Sequence[str]) -> list[Output]:
    """Return the outputs of these names, or all for none. Raises BadRequest."""
    there = REGRESSION if predictions.task == "regression" else CLASSIFICATION
    if not wanted:
        return list(there.values())
    try:
        return [there[name] for name in wanted]
    except KeyError as error:
        raise BadRequest(f"there is no output `{error.args[0]}`", hint=f"the outputs are {', '.join(there)}") from None


def shape(output: Output, predictions: Predictions) -> list[int]:
    """Return the shape of an output."""
    return list(predictions.values.shape) if output is PROBABILITY else [len(predictions)]


def describe(active: Active) -> dict[str, Any]:
    """Return the metadata of a model."""
    manifest = active.pipeline.manifest
    return {
        "name": active.name,
        "versions": [str(active.version)],
        "platform": PLATFORM,
        "inputs": [
            {"name": column.name, "datatype": datatype_of(column), "shape": [-1]} for column in manifest.schema.columns
        ],
        "outputs": _describe_outputs(manifest),
    }


def _describe_outputs(manifest: Manifest) -> list[dict[str, Any]]:
    if manifest.task == "regression":
        return [{"name": PREDICTION.name, "datatype": PREDICTION.datatype, "shape": [-1]}]
    return [
        {"name": PROBABILITY.name, "datatype": PROBABILITY.datatype, "shape": [-1, len(manifest.labels)]},
        {"name": LABEL.name, "datatype": LABEL.datatype, "shape": [-1]},
    ]
