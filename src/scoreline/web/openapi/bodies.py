"""What each dialect sends and answers, for one deployment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from scoreline.core.schema import label_text
from scoreline.serving.active import Active
from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.mlflow import FORMS
from scoreline.serving.protocols.oip.datatypes import datatype_of
from scoreline.serving.protocols.rpc import METHODS
from scoreline.serving.protocols.udacity import FILE_NAMES
from scoreline.web.openapi.components import ref

Json = dict[str, Any]

CELL: Json = {"type": ["string", "number", "boolean", "null"]}
NAMES: Json = {"type": "array", "items": {"type": "string"}, "minItems": 1}
CELLS: Json = {"type": "array", "minItems": 1, "items": {"type": "array", "items": CELL}}
ANYTHING: Json = {"type": "array", "items": {}}
_TEXT: Json = {"type": "string"}


class Body(NamedTuple):
    """A request and its answer."""

    request: Json
    answer: Json
    example: Any
    """A request that scores a real row."""
    error: str = "Error"
    """Name of the schema of errors."""
    schemas: Mapping[str, Json] = MappingProxyType({})
    """What the request and the answer refer to, by name."""
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


def _plain(active: Active) -> Json:
    """Describe predictions as the dialects without names have them: labels or numbers, or probabilities of a row."""
    if active.pipeline.manifest.task == "regression":
        return {"type": "array", "items": {"type": "number"}}
    probabilities = {"type": "array", "items": {"type": "number"}}
    return {"type": "array", "items": {"anyOf": [ref(f"{active.name}.Label"), probabilities]}}


def _rows(active: Active) -> Json:
    """Describe rows with names or without."""
    return _list({"anyOf": [ref(f"{active.name}.Row"), {"type": "array", "items": CELL}]})


_METHODS: Json = {
    "PredictMethod": {"enum": ["predict", "predict_proba"]},
    "PredictParameters": _object([], method=ref("PredictMethod")),
}


def _native(active: Active) -> Body:
    name, row = active.name, ref(f"{active.name}.Row")
    names = {"type": "array", "items": _TEXT}
    answer = _object(
        ["deployment", "model", "version", "predictions"],
        deployment=_TEXT,
        model=_TEXT,
        version={"type": "integer"},
        predictions={"type": "array", "items": ref(f"{name}.Prediction")},
        ignored_columns=names | {"description": "sent, but not known to this deployment"},
        absent_columns=names | {"description": "not sent, scored as missing"},
    )
    schemas = {
        "Table": _object(fields=NAMES, rows=CELLS),
        f"{name}.Rows": _object(rows=_list(row)),
        f"{name}.Predictions": answer,
    }
    forms = [ref(f"{name}.Rows"), ref("Table"), _list(row), row]
    return Body({"anyOf": forms}, ref(f"{name}.Predictions"), {"rows": [row_of(active)]}, schemas=schemas)


_H2O: Json = {
    "H2OScoreRequest": _object(
        ["fields", "rows"],
        fields={"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
        rows=CELLS,
        includeFieldsInOutput={"type": ["array", "null"], "items": _TEXT},
        noFieldNamesInOutput={"type": ["boolean", "null"]},
        idField={"type": ["string", "null"]},
        requestShapleyValueType={"enum": ["ORIGINAL", "TRANSFORMED", "NONE", None]},
        requestPredictionIntervals={"type": ["boolean", "null"]},
    ),
    "H2OScoreResponse": _object(
        ["id", "score"],
        id=_TEXT,
        fields={"type": "array", "items": _TEXT},
        score={"type": "array", "items": {"type": "array", "items": _TEXT}},
    ),
}


def _h2o(active: Active) -> Body:
    example = msgspec.json.decode(DIALECTS["h2o"].views["/model/sample_request"](active).body)
    return Body(ref("H2OScoreRequest"), ref("H2OScoreResponse"), example, "H2OError", _H2O)


_IDENTITY: Json = {"type": ["string", "number", "null"]}
_RPC: Json = {
    "RPCCall": _object(
        ["method"],
        jsonrpc={"const": "2.0"},
        id=_IDENTITY,
        method={"enum": list(METHODS)},
        params={"anyOf": [{"type": "object"}, ANYTHING]},
    ),
    "RPCResult": _object(jsonrpc={"const": "2.0"}, id=_IDENTITY, result={}),
}


def _rpc(active: Active) -> Body:
    call, one = ref("RPCCall"), {"anyOf": [ref("RPCResult"), ref("RPCError")]}
    request, answer = {"anyOf": [call, _list(call)]}, {"anyOf": [*one["anyOf"], _list(one)]}
    example = {"jsonrpc": "2.0", "id": 1, "method": "score", "params": {"row": row_of(active)}}
    return Body(request, answer, example, "RPCError", _RPC, may_be_silent=True)


_IBM: Json = {
    "IBMBlock": _object(["values"], id={"type": ["string", "null"]}, fields=NAMES, values=CELLS),
    "IBMScoreRequest": _object(input_data=_list(ref("IBMBlock"))),
    "IBMPredictions": _object(["fields", "values"], id=_TEXT, fields=NAMES, values=ANYTHING),
    "IBMScoreResponse": _object(predictions=_list(ref("IBMPredictions"))),
}


def _ibm(active: Active) -> Body:
    row = row_of(active)
    example = {"input_data": [{"fields": list(row), "values": [list(row.values())]}]}
    return Body(ref("IBMScoreRequest"), ref("IBMScoreResponse"), example, "IBMError", _IBM)


def _azure(active: Active) -> Body:
    name, found = active.name, _plain(active)
    parameters, method = ref("PredictParameters"), ref("PredictMethod")
    schemas = _METHODS | {
        "AzureTable": _object(["columns", "data"], columns=NAMES, index=ANYTHING, data=CELLS),
        "AzureTableRequest": _object(["input_data"], input_data=ref("AzureTable"), params=parameters),
        f"{name}.AzureRows": _object(data=_rows(active)),
        f"{name}.AzureFirstRequest": _object(["data"], data=_rows(active), method=method),
        f"{name}.AzureRequest": _object(["Inputs"], Inputs=ref(f"{name}.AzureRows"), GlobalParameters=parameters),
        f"{name}.AzureResults": _object(Results=found),
    }
    text = _TEXT | {"description": "JSON in a text", "contentMediaType": "application/json"}
    text["contentSchema"] = _object(result=found)
    return Body(
        {"anyOf": [ref(f"{name}.AzureRequest"), ref(f"{name}.AzureFirstRequest"), ref("AzureTableRequest")]},
        {"anyOf": [text, ref(f"{name}.AzureResults"), found]},
        {"Inputs": {"data": [row_of(active)]}, "GlobalParameters": {"method": "predict"}},
        "AzureError",
        schemas,
    )


def _mlflow(active: Active) -> Body:
    name, rows = active.name, _rows(active)
    columns = {"type": "object", "additionalProperties": {"type": "array", "items": CELL}}
    shapes = (ref("MLflowTable"), rows, rows, {"anyOf": [rows, ref("MLflowColumns")]})
    schemas = _METHODS | {
        "MLflowTable": _object(["data"], columns=NAMES, index=ANYTHING, data=CELLS),
        "MLflowColumns": columns,
        "MLflowParams": _object([], predict_method=ref("PredictMethod")),
        f"{name}.MLflowPredictions": _object(predictions=_plain(active)),
    }
    forms = []
    for form, shape in zip(FORMS, shapes, strict=True):
        title = f"{name}.MLflow{form.title().replace('_', '')}"
        schemas[title] = _object([form], **{form: shape, "params": ref("MLflowParams")})
        forms.append(ref(title))
    example = {"dataframe_records": [row_of(active)]}
    return Body({"anyOf": forms}, ref(f"{name}.MLflowPredictions"), example, "MLflowError", schemas)


def _sagemaker(active: Active) -> Body:
    return _mlflow(active)._replace(example={"instances": [row_of(active)]}, error="AzureError")


def _kserve(active: Active) -> Body:
    name, parameters = active.name, ref("KServeParameters")
    schemas = _METHODS | {
        "KServeParameters": _object([], method=ref("PredictMethod"), fields=NAMES),
        f"{name}.KServeInstances": _object(["instances"], instances=_rows(active), parameters=parameters),
        f"{name}.KServeInputs": _object(["inputs"], inputs=_rows(active), parameters=parameters),
        f"{name}.KServePredictions": _object(predictions=_plain(active)),
    }
    forms = [ref(f"{name}.KServeInstances"), ref(f"{name}.KServeInputs")]
    example = {"instances": [row_of(active)]}
    return Body({"anyOf": forms}, ref(f"{name}.KServePredictions"), example, "KServeError", schemas)


_SHAPE: Json = {"type": "array", "items": {"type": "integer"}}
_OIP: Json = {
    "OIPInput": _object(
        ["name", "shape", "datatype", "data"],
        name=_TEXT,
        shape=_SHAPE,
        datatype=_TEXT,
        data=ANYTHING,
        parameters=ref("Document"),
    ),
    "OIPWanted": _object(["name"], name=_TEXT, parameters=ref("Document")),
    "OIPRequest": _object(
        ["inputs"],
        id=_TEXT,
        parameters=ref("Document"),
        inputs=_list(ref("OIPInput")),
        outputs={"type": "array", "items": ref("OIPWanted")},
    ),
    "OIPOutput": _object(name=_TEXT, shape=_SHAPE, datatype=_TEXT, data=ANYTHING),
    "OIPResponse": _object(
        ["model_name", "model_version", "outputs"],
        model_name=_TEXT,
        model_version=_TEXT,
        id=_TEXT,
        outputs=_list(ref("OIPOutput")),
    ),
}


def _oip(active: Active) -> Body:
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
    return Body(ref("OIPRequest"), ref("OIPResponse"), {"inputs": inputs}, "KServeError", _OIP)


def _udacity(active: Active) -> Body:
    native = _native(active)
    forms = [native.request, *({"type": "object", "properties": {n: _TEXT}, "required": [n]} for n in FILE_NAMES)]
    return Body({"anyOf": forms}, _plain(active), [row_of(active)], "KServeError", native.schemas)


BODIES: Mapping[str, Callable[[Active], Body]] = {
    "native": _native,
    "h2o": _h2o,
    "h2o_lambda": _h2o,
    "rpc": _rpc,
    "ibm": _ibm,
    "ibm_spark": _ibm,
    "azure": _azure,
    "mlflow": _mlflow,
    "sagemaker": _sagemaker,
    "oip": _oip,
    "kserve": _kserve,
    "vertex": _kserve,
    "udacity": _udacity,
}
"""Dialect → what describes its bodies: one for each, as a test asserts."""
