"""How a caller of each dialect, in each medium, writes rows and reads answers. A new one is an entry in SPEAKERS."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

Row = Mapping[str, Any]
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"


class Told(NamedTuple):
    """What an answer says of columns."""

    ignored: set[str]
    absent: set[str]


class Speaker(Protocol):
    """A caller of dialect ``name``. ``path`` holds ``{name}``; ``headers`` tell the medium of rows and answers."""

    name: str
    path: str
    headers: Mapping[str, str]

    rows_are_tables: bool
    """Whether rows are lists beside a list of their fields, in JSON."""

    errors_are_answers: bool
    """Whether what is wrong with a body is told with the status of an answer."""

    tells_more: bool
    """Whether an answer has a place for its request's id, and for columns that were ignored or absent."""

    names_columns: bool
    """Whether rows say what their columns are called."""

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        """Ask for the scores of these rows."""

    def table(self, fields: list[str], rows: list[Any]) -> bytes:
        """Write what may be malformed, where rows are tables."""

    def scores(self, body: bytes) -> list[list[float]]: ...

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told: ...

    def message(self, body: bytes) -> str: ...


class Common:
    """What most callers do alike: columns are told in headers."""

    headers: ClassVar[Mapping[str, str]] = {"content-type": "application/json"}
    rows_are_tables = True
    errors_are_answers = False
    tells_more = True
    names_columns = True

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        fields, values = _table(rows).values()
        return self.table(fields, values)

    def table(self, fields: list[str], rows: list[Any]) -> bytes:
        return json.dumps({"fields": fields, "rows": rows}).encode()

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told:
        listed = [headers.get(f"x-scoreline-{kind}-columns", "") for kind in ("ignored", "absent")]
        return Told(*(set(text.split(", ")) - {""} for text in listed))


class Native(Common):
    name = "native"
    path = "/api/v1/deployments/{name}/score"

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return json.dumps({"rows": rows}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        return [
            list(prediction["probability"].values()) if "probability" in prediction else [prediction["prediction"]]
            for prediction in json.loads(body)["predictions"]
        ]

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told:
        document = json.loads(body)
        return Told(set(document.get("ignored_columns", [])), set(document.get("absent_columns", [])))

    def message(self, body: bytes) -> str:
        error = json.loads(body)["error"]
        return f"{error['message']} {error['hint']}"


class NativeTable(Native):
    """Fields and rows; absent values are null."""

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return json.dumps(_table(rows)).encode()


class H2O(Common):
    name = "h2o"
    path = "/deployments/{name}/model/score"

    def scores(self, body: bytes) -> list[list[float]]:
        return [[float(cell) for cell in row] for row in json.loads(body)["score"]]

    def message(self, body: bytes) -> str:
        return str(json.loads(body)["detail"])


class H2OText(H2O):
    """Every cell as text, as the original's own clients send them."""

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        fields, values = _table(rows).values()
        return self.table(fields, [["" if cell is None else _text(cell) for cell in row] for row in values])


class H2OLambda(H2O):
    name = "h2o_lambda"
    path = "/deployments/{name}/test/score"


class IBM(Common):
    name = "ibm"
    path = "/ml/v4/deployments/{name}/predictions?version=2026-10-14"

    def table(self, fields: list[str], rows: list[Any]) -> bytes:
        return json.dumps({"input_data": [{"fields": fields, "values": rows}]}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        [block] = json.loads(body)["predictions"]
        records = [dict(zip(block["fields"], row, strict=True)) for row in block["values"]]
        return [record.get("probability", [record["prediction"]]) for record in records]

    def message(self, body: bytes) -> str:
        return str(json.loads(body)["errors"][0]["message"])


class IBMBlocks(IBM):
    """Each row a block of its own."""

    rows_are_tables = False

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        blocks = [{"fields": list(row), "values": [list(row.values())]} for row in rows]
        return json.dumps({"input_data": blocks}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        blocks = json.loads(body)["predictions"]
        return [super(IBMBlocks, self).scores(json.dumps({"predictions": [block]}).encode())[0] for block in blocks]


class IBMSpark(IBM):
    """The address and the answer of IBM's own application."""

    name = "ibm_spark"
    path = "/v4/deployments/{name}/predictions"


class Azure(Common):
    """Answers are JSON in a JSON text."""

    name = "azure"
    path = "/services/{name}/score"
    rows_are_tables = False

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return json.dumps({"data": rows, "method": _method(regression)}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        return _rows(json.loads(json.loads(body))["result"])

    def message(self, body: bytes) -> str:
        return str(json.loads(body)["message"])


class AzureSecond(Azure):
    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return json.dumps({"Inputs": {"data": rows}, "GlobalParameters": {"method": _method(regression)}}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        return _rows(json.loads(body)["Results"])


class MLflow(Common):
    """A split data frame."""

    name = "mlflow"
    path = "/deployments/{name}/invocations"
    params: Mapping[str, str] = {"predict_method": "predict_proba"}

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        fields, values = _table(rows).values()
        return self.table(fields, values, {} if regression else self.params)

    def table(self, fields: list[str], rows: list[Any], params: Mapping[str, str] | None = None) -> bytes:
        return json.dumps({"dataframe_split": {"columns": fields, "data": rows}, "params": params}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        return _rows(json.loads(body)["predictions"])

    def message(self, body: bytes) -> str:
        return str(json.loads(body)["message"])


class MLflowRecords(MLflow):
    form = "dataframe_records"
    rows_are_tables = False

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return json.dumps({self.form: rows, "params": {} if regression else self.params}).encode()


class MLflowInstances(MLflowRecords):
    form = "instances"


class MLflowInputs(MLflowRecords):
    """Columns as lists."""

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        fields, values = _table(rows).values()
        columns = {field: [row[j] for row in values] for j, field in enumerate(fields)}
        return json.dumps({"inputs": columns, "params": {} if regression else self.params}).encode()


class KServe(Common):
    name = "kserve"
    path = "/v1/models/{name}:predict"
    rows_are_tables = False

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return json.dumps({"instances": rows, "parameters": {"method": _method(regression)}}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        return _rows(json.loads(body)["predictions"])

    def message(self, body: bytes) -> str:
        return str(json.loads(body)["error"])


class Vertex(KServe):
    """Rows as lists, their fields in the parameters."""

    name = "vertex"
    path = "/deployments/{name}/predict"
    rows_are_tables = True

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        fields, values = _table(rows).values()
        return self.table(fields, values, _method(regression))

    def table(self, fields: list[str], rows: list[Any], method: str = "predict") -> bytes:
        return json.dumps({"instances": rows, "parameters": {"fields": fields, "method": method}}).encode()


class SageMaker(MLflowInstances):
    path = "/endpoints/{name}/invocations"
    name = "sagemaker"


class SageMakerLines(SageMaker):
    """A row a line, a prediction a line."""

    headers: ClassVar[Mapping[str, str]] = {"content-type": "application/jsonlines", "accept": "application/jsonlines"}

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return "\n".join(json.dumps(row) for row in rows).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        found = map(json.loads, body.splitlines())
        return [list(row["probability"].values()) if "probability" in row else [row["prediction"]] for row in found]


class SageMakerCsv(SageMaker):
    """The first line names the columns; answers have no such line."""

    headers: ClassVar[Mapping[str, str]] = {"content-type": "text/csv", "accept": "text/csv"}

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return NativeCsv().write(rows)

    def scores(self, body: bytes) -> list[list[float]]:
        rows = list(csv.reader(io.StringIO(body.decode())))
        return [[float(cell) for cell in row[: max(len(row) - 1, 1)]] for row in rows]


class OpenInference(Common):
    """A tensor for each column."""

    name = "oip"
    path = "/v2/models/{name}/infer"
    rows_are_tables = False

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        fields, values = _table(rows).values() if rows else (["age"], [])
        tensors = [
            {
                "name": field,
                "shape": [len(rows), 1] if j % 2 else [len(rows)],
                "datatype": "BYTES",
                "data": [row[j] for row in values],
            }
            for j, field in enumerate(fields)
        ]
        return json.dumps({"inputs": tensors}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        first = json.loads(body)["outputs"][0]
        width = 1 if first["name"] == "prediction" else first["shape"][1]
        return [first["data"][i : i + width] for i in range(0, len(first["data"]), width)]

    def message(self, body: bytes) -> str:
        return str(json.loads(body)["error"])


class RPC(Common):
    """A batch of rows in one call."""

    name = "rpc"
    path = "/deployments/{name}/rpc"
    rows_are_tables = False
    errors_are_answers = True

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return json.dumps({"id": 7, "method": "score_batch", "params": {"rows": rows}}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        document = json.loads(body)
        assert (document["jsonrpc"], document["id"]) == ("2.0", 7)
        return _rows(document["result"])

    def message(self, body: bytes) -> str:
        error = json.loads(body)["error"]
        return f"{error['message']} {error['data']['hint']}"


class RPCCalls(RPC):
    """A call for each row, several in one request."""

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        calls = [{"jsonrpc": "2.0", "id": i, "method": "score", "params": [row]} for i, row in enumerate(rows)]
        return json.dumps(calls).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        answers = json.loads(body)
        assert [answer["id"] for answer in answers] == list(range(len(answers)))
        return [answer["result"] for answer in answers]

    def message(self, body: bytes) -> str:
        document = json.loads(body)
        answers = document if isinstance(document, list) else [document]
        [message] = [
            super(RPCCalls, self).message(json.dumps(answer).encode()) for answer in answers if "error" in answer
        ]
        n_calls = sum("result" in answer for answer in answers)
        return message.replace("row 1", f"row {n_calls + 1}")


class Udacity(Common):
    """Fields and rows."""

    name = "udacity"
    path = "/deployments/{name}/prediction"

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return json.dumps({**_table(rows), "method": _method(regression)}).encode()

    def scores(self, body: bytes) -> list[list[float]]:
        return _rows(json.loads(body))

    def message(self, body: bytes) -> str:
        return str(json.loads(body)["error"])


class UdacityForm(Udacity):
    """A file in a form, and CSV for an answer."""

    headers: ClassVar[Mapping[str, str]] = {"content-type": "multipart/form-data; boundary=x7", "accept": "text/csv"}

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        head = b'--x7\r\nContent-Disposition: form-data; name="dataset"; filename="rows.csv"\r\n\r\n'
        return head + NativeCsv().write(rows) + b"\r\n--x7--\r\n"

    def scores(self, body: bytes) -> list[list[float]]:
        return SageMakerCsv().scores(body)


class NativeMsgpack(Native):
    headers: ClassVar[Mapping[str, str]] = {"content-type": "application/msgpack", "accept": "application/msgpack"}

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return msgspec.msgpack.encode({"rows": [{name: _within_64_bits(row[name]) for name in row} for row in rows]})

    def scores(self, body: bytes) -> list[list[float]]:
        return super().scores(msgspec.json.encode(msgspec.msgpack.decode(body)))

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told:
        return super().told(msgspec.json.encode(msgspec.msgpack.decode(body)), headers)


class NativeCsv(Native):
    headers: ClassVar[Mapping[str, str]] = {"content-type": "text/csv; charset=utf-8", "accept": "text/csv"}

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        file = io.StringIO()
        csv.writer(file).writerows([_table(rows)["fields"], *_table(rows)["rows"]])
        return file.getvalue().encode()

    def scores(self, body: bytes) -> list[list[float]]:
        header, *rows = csv.reader(io.StringIO(body.decode()))
        return [[float(cell) for cell in _without_label(header, row)] for row in rows]

    def told(self, body: bytes, headers: Mapping[str, str]) -> Told:
        return Common().told(body, headers)


class NativeArrow(NativeCsv):
    headers: ClassVar[Mapping[str, str]] = {"content-type": ARROW, "accept": f"{ARROW}, application/json;q=0.5"}

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        table = _arrow(rows)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        return sink.getvalue().to_pybytes()

    def scores(self, body: bytes) -> list[list[float]]:
        return _scores_of(pa.ipc.open_stream(body).read_all())


class NativeParquet(NativeCsv):
    headers: ClassVar[Mapping[str, str]] = {"content-type": PARQUET, "accept": PARQUET}

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        sink = pa.BufferOutputStream()
        pq.write_table(_arrow(rows), sink)
        return sink.getvalue().to_pybytes()

    def scores(self, body: bytes) -> list[list[float]]:
        return _scores_of(pq.read_table(pa.BufferReader(body)))


IN_JSON: list[Speaker] = [
    Native(),
    NativeTable(),
    H2O(),
    H2OText(),
    H2OLambda(),
    IBM(),
    IBMBlocks(),
    IBMSpark(),
    Azure(),
    AzureSecond(),
    MLflow(),
    MLflowRecords(),
    MLflowInstances(),
    MLflowInputs(),
    KServe(),
    Vertex(),
    SageMaker(),
    OpenInference(),
    RPC(),
    RPCCalls(),
    Udacity(),
]
IN_OTHER_MEDIA: list[Speaker] = [NativeMsgpack(), NativeCsv(), NativeArrow(), NativeParquet()]
OF_INVOCATIONS: list[Speaker] = [SageMakerLines(), SageMakerCsv()]
IN_FORMS: list[Speaker] = [UdacityForm()]
SPEAKERS = [*IN_JSON, *IN_OTHER_MEDIA, *OF_INVOCATIONS, *IN_FORMS]


def _method(regression: bool) -> str:
    return "predict" if regression else "predict_proba"


def _rows(found: list[Any]) -> list[list[float]]:
    return [each if isinstance(each, list) else [each] for each in found]


def _within_64_bits(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63 else value


def _arrow(rows: Sequence[Row]) -> pa.Table:
    """A table; a column of values of several types is one of texts."""
    table = _table(rows)
    columns = {}
    for j, name in enumerate(table["fields"]):
        values = [_within_64_bits(row[j]) for row in table["rows"]]
        if len({type(value) for value in values} - {type(None)}) > 1:
            values = [None if value is None else _text(value) for value in values]
        columns[name] = pa.array(values)
    return pa.table(columns)


def _scores_of(table: pa.Table) -> list[list[float]]:
    table.validate(full=True)
    return [_without_label(table.column_names, row.values()) for row in table.to_pylist()]


def _without_label(names: Sequence[str], values: Any) -> list[Any]:
    return [value for name, value in zip(names, values, strict=True) if not name.endswith(".predicted")]


def _text(cell: Any) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _table(rows: Sequence[Row]) -> dict[str, Any]:
    fields = list(dict.fromkeys(name for row in rows for name in row))
    return {"fields": fields, "rows": [[row.get(field) for field in fields] for row in rows]}
