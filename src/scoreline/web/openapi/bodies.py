"""What each dialect sends and answers, for one deployment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from scoreline.core.schema import label_text
from scoreline.serving.active import Active
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.mlflow import FORMS
from scoreline.serving.protocols.oip.datatypes import datatype_of
from scoreline.serving.protocols.rpc import METHODS

Json = dict[str, Any]

CELL: Json = {"type": ["string", "number", "boolean", "null"]}
NAMES: Json = {"type": "array", "items": {"type": "string"}, "minItems": 1}
CELLS: Json = {"type": "array", "minItems": 1, "items": {"type": "array", "items": CELL}}
_METHOD: Json = {"enum": ["predict", "predict_proba"]}


class Body(NamedTuple):
    """A request and its answer."""

    request: Json
    answer: Json
    example: Any
    """A request that scores a real row."""
    error: str = "Error"
    """Name of the schema of errors."""
    may_be_silent: bool = False
    """Whether some requests have no answer."""


def of(dialect: str, active: Active) -> Body:
    """Return what ``dialect`` sends to a deployment, and is answered."""
    return BODIES[dialect](active)


def row_of(active: Active) -> Json:
    """Return a real row."""
    return active.pipeline.sample.rows[0]


def _object(required: list[str] | None = None, **properties: Json) -> Json:
    """Describe an object of these members, all of which are there unless ``required`` says which."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
    }


def _list(items: Json) -> Json:
    return {"type": "array", "items": items, "minItems": 1}


def _ref(active: Active, what: str) -> Json:
    return {"$ref": f"#/components/schemas/{active.name}.{what}"}


def _plain(active: Active) -> Json:
    """Describe predictions as the dialects without names have them: labels or numbers, or probabilities of a row."""
    manifest = active.pipeline.manifest
    if manifest.task == "regression":
        return {"type": "array", "items": {"type": "number"}}
    probabilities = {"type": "array", "items": {"type": "number"}}
    return {"type": "array", "items": {"anyOf": [{"enum": list(manifest.labels)}, probabilities]}}


def _native(active: Active) -> Body:
    row, prediction = _ref(active, "Row"), _ref(active, "Prediction")
    names = {"type": "array", "items": {"type": "string"}}
    forms = [_object(rows=_list(row)), _object(fields=NAMES, rows=CELLS), _list(row), row]
    answer = _object(
        ["deployment", "model", "version", "predictions"],
        deployment={"type": "string"},
        model={"type": "string"},
        version={"type": "integer"},
        predictions={"type": "array", "items": prediction},
        ignored_columns=names | {"description": "sent, but not known to this deployment"},
        absent_columns=names | {"description": "not sent, scored as missing"},
    )
    return Body({"anyOf": forms}, answer, {"rows": [row_of(active)]})


def _h2o(active: Active) -> Body:
    example = msgspec.json.decode(DIALECTS["h2o"].views["/model/sample_request"](active).body)
    schemas = "#/components/schemas/"
    return Body({"$ref": schemas + "H2OScoreRequest"}, {"$ref": schemas + "H2OScoreResponse"}, example, "H2OError")


def _rpc(active: Active) -> Body:
    call = _object(
        ["method"],
        jsonrpc={"const": "2.0"},
        id={"type": ["string", "number", "null"]},
        method={"enum": list(METHODS)},
        params={"type": ["object", "array"]},
    )
    result = _object(jsonrpc={"const": "2.0"}, id={"type": ["string", "number", "null"]}, result={})
    one = {"anyOf": [result, {"$ref": "#/components/schemas/RPCError"}]}
    example = {"jsonrpc": "2.0", "id": 1, "method": "score", "params": {"row": row_of(active)}}
    answer = {"anyOf": [one, _list(one)]}
    return Body({"anyOf": [call, _list(call)]}, answer, example, "RPCError", may_be_silent=True)


def _ibm(active: Active) -> Body:
    block = _object(["values"], id={"type": ["string", "null"]}, fields=NAMES, values=CELLS)
    told = _object(["fields", "values"], id={"type": "string"}, fields=NAMES, values={"type": "array"})
    row = row_of(active)
    example = {"input_data": [{"fields": list(row), "values": [list(row.values())]}]}
    return Body(_object(input_data=_list(block)), _object(predictions=_list(told)), example, "IBMError")


def _azure(active: Active) -> Body:
    rows = _list({"anyOf": [_ref(active, "Row"), {"type": "array", "items": CELL}]})
    first = _object(["data"], data=rows, method=_METHOD)
    inputs = _object(data=rows)
    second = _object(["Inputs"], Inputs=inputs, GlobalParameters=_object([], method=_METHOD))
    split = _object(["columns", "data"], columns=NAMES, index={"type": "array"}, data=CELLS)
    third = _object(["input_data"], input_data=split, params=_object([], method=_METHOD))
    found = _plain(active)
    text: Json = {"type": "string", "description": "JSON in a text", "contentMediaType": "application/json"}
    text["contentSchema"] = _object(result=found)
    return Body(
        {"anyOf": [first, second, third]},
        {"anyOf": [text, _object(Results=found), found]},
        {"Inputs": {"data": [row_of(active)]}, "GlobalParameters": {"method": "predict"}},
        "AzureError",
    )


def _mlflow(active: Active) -> Body:
    rows = _list({"anyOf": [_ref(active, "Row"), {"type": "array", "items": CELL}]})
    split = _object(["data"], columns=NAMES, index={"type": "array"}, data=CELLS)
    columns = {"type": "object", "additionalProperties": {"type": "array", "items": CELL}}
    shapes = (split, rows, rows, {"anyOf": [rows, columns]})
    params = _object([], predict_method=_METHOD)
    forms = [_object([form], **{form: shape, "params": params}) for form, shape in zip(FORMS, shapes, strict=True)]
    answer = _object(predictions=_plain(active))
    return Body({"anyOf": forms}, answer, {"dataframe_records": [row_of(active)]}, "MLflowError")


def _sagemaker(active: Active) -> Body:
    return _mlflow(active)._replace(example={"instances": [row_of(active)]}, error="AzureError")


def _kserve(active: Active) -> Body:
    rows = _list({"anyOf": [_ref(active, "Row"), {"type": "array", "items": CELL}]})
    parameters = _object([], method=_METHOD, fields=NAMES)
    forms = [_object([where], **{where: rows, "parameters": parameters}) for where in ("instances", "inputs")]
    return Body({"anyOf": forms}, _object(predictions=_plain(active)), {"instances": [row_of(active)]}, "KServeError")


def _oip(active: Active) -> Body:
    datatypes = {"type": "string"}
    shape = {"type": "array", "items": {"type": "integer"}}
    data = {"type": "array"}
    tensor = _object(
        ["name", "shape", "datatype", "data"],
        name={"type": "string"},
        shape=shape,
        datatype=datatypes,
        data=data,
        parameters={"type": "object"},
    )
    wanted = _object(["name"], name={"type": "string"}, parameters={"type": "object"})
    request = _object(
        ["inputs"],
        id={"type": "string"},
        parameters={"type": "object"},
        inputs=_list(tensor),
        outputs={"type": "array", "items": wanted},
    )
    told = _object(name={"type": "string"}, shape=shape, datatype=datatypes, data=data)
    answer = _object(
        ["model_name", "model_version", "outputs"],
        model_name={"type": "string"},
        model_version={"type": "string"},
        id={"type": "string"},
        outputs=_list(told),
    )
    row, columns = row_of(active), active.pipeline.schema.columns
    inputs = [
        {
            "name": column.name,
            "shape": [1],
            "datatype": (kind := datatype_of(column)),
            "data": [
                label_text(row[column.name]) if kind == "BYTES" and row[column.name] is not None else row[column.name]
            ],
        }
        for column in columns
        if column.name in row
    ]
    return Body(request, answer, {"inputs": inputs}, "KServeError")


BODIES: Mapping[str, Callable[[Active], Body]] = {
    "native": _native,
    "h2o": _h2o,
    "rpc": _rpc,
    "ibm": _ibm,
    "ibm_spark": _ibm,
    "azure": _azure,
    "mlflow": _mlflow,
    "sagemaker": _sagemaker,
    "oip": _oip,
    "kserve": _kserve,
    "vertex": _kserve,
}
"""Dialect → what describes its bodies: one for each, as a test asserts."""
