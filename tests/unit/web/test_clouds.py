"""What callers of SageMaker, MLflow, KServe and Vertex AI send and read, byte for byte."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from tests.artifacts import ROWS
from tests.keys import everybody

from scoreline.app.settings import App
from scoreline.web.app import create_app
from scoreline.web.server import background, bind

LISTS = [list(row.values()) for row in ROWS]
TEXT = "".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in LISTS)
INVOCATIONS = ("/invocations", "/deployments/credit/invocations", "/endpoints/credit/invocations")
everywhere = pytest.mark.parametrize("path", [*INVOCATIONS, "/models/credit/invoke"])


def labels(http: httpx.Client) -> list[Any]:
    return http.post("/services/credit/score", json={"Inputs": {"data": ROWS}}).json()["Results"]


def probabilities(http: httpx.Client) -> list[list[float]]:
    body = {"Inputs": {"data": ROWS}, "GlobalParameters": {"method": "predict_proba"}}
    return http.post("/services/credit/score", json=body).json()["Results"]


@everywhere
@pytest.mark.parametrize("kind", ["text/csv", "text/csv; charset=utf-8", "text/csv; header=absent"])
def test_csv_without_a_header_stands_in_the_order_of_the_schema(http: httpx.Client, path: str, kind: str) -> None:
    answer = http.post(path, content=TEXT, headers={"content-type": kind})
    assert answer.json() == {"predictions": labels(http)}


@everywhere
@pytest.mark.parametrize("kind", ["text/csv", "text/csv; header=present"])
def test_csv_with_a_header_is_read_by_its_names(http: httpx.Client, path: str, kind: str) -> None:
    header = "purpose,amount,age\n"
    text = header + "".join(",".join(reversed(line.split(","))) + "\n" for line in TEXT.splitlines())
    answer = http.post(path, content=text, headers={"content-type": kind})
    assert answer.json() == {"predictions": labels(http)}


@pytest.mark.parametrize(
    ("line", "n_rows"),
    [("1,2,car", 2), ("age,2,car", 2), ("age,amount,car", 1), ("age,amount,purpose", 1), ("purpose,age", 0)],
)
def test_a_first_line_is_a_header_when_half_of_it_are_names_of_columns(
    http: httpx.Client, line: str, n_rows: int
) -> None:
    answer = http.post("/invocations", content=f"{line}\n3,4,car\n", headers={"content-type": "text/csv"})
    if line == "age,2,car":  # a value that is the name of a column is a value, and may be wrong
        assert "row 1, column `age`" in answer.json()["message"]
    elif n_rows:
        assert len(answer.json()["predictions"]) == n_rows
    else:
        assert "row 1" in answer.json()["message"]


def test_a_line_of_another_length_is_named(http: httpx.Client) -> None:
    answer = http.post("/endpoints/credit/invocations", content="1,2\n3,4,car\n", headers={"content-type": "text/csv"})
    assert answer.status_code == 400
    assert "row 1: 2 fields where there are 3 columns" in answer.json()["message"]


@everywhere
def test_csv_is_answered_without_a_header_where_it_is_accepted(http: httpx.Client, path: str) -> None:
    answer = http.post(path, content=TEXT, headers={"content-type": "text/csv", "accept": "text/csv"})
    lines = [line.split(",") for line in answer.text.splitlines()]
    assert [[float(good), float(bad)] for good, bad, _ in lines] == probabilities(http)
    assert [label for _, _, label in lines] == labels(http)
    assert answer.headers["content-type"].startswith("text/csv")


@everywhere
@pytest.mark.parametrize(
    "body",
    [
        {"instances": LISTS},
        {"instances": ROWS},
        {"instances": [{"features": row} for row in LISTS]},
        LISTS,
        ROWS,
        [{"features": row} for row in LISTS],
        {"dataframe_records": ROWS},
    ],
)
def test_json_is_read_in_every_form_of_mlflow_and_of_sagemaker(http: httpx.Client, path: str, body: Any) -> None:
    answer = http.post(path, json=body)
    assert answer.json() == {"predictions": labels(http)}


@everywhere
@pytest.mark.parametrize("rows", [ROWS, LISTS, [{"features": row} for row in LISTS]])
def test_json_lines_have_a_row_and_an_answer_a_line(http: httpx.Client, path: str, rows: list[Any]) -> None:
    text = "\n".join(map(json.dumps, rows))
    headers = {"content-type": "application/jsonlines", "accept": "application/jsonlines"}
    answer = http.post(path, content=text, headers=headers)
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["label"] for row in found] == labels(http)
    assert [list(row["probability"].values()) for row in found] == probabilities(http)


@pytest.mark.parametrize(("text", "message"), [('{"age": 1}\n{"age": 2,}', "row 2"), ("", "empty"), ("\n\n", "empty")])
def test_a_wrong_line_is_named(http: httpx.Client, text: str, message: str) -> None:
    answer = http.post("/invocations", content=text, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@everywhere
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_is_answered_with_an_array(http: httpx.Client, path: str, order: Any) -> None:
    array = np.array([["" if cell is None else str(cell) for cell in row] for row in LISTS], order=order)
    headers = {"content-type": "application/x-npy", "accept": "application/x-npy"}
    answer = http.post(path, content=npy(array), headers=headers)
    assert np.load(io.BytesIO(answer.content)).tolist() == probabilities(http)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty"),
        (b"\x93NUMPY", "not NPY"),
        (b"PK\x03\x04", "not NPY"),
        (npy(np.array([["a", "b", "c"]])).replace(b"a\0\0\0", b"\xff\xff\xff\xff"), "not valid Unicode"),
        (npy(np.array([["a", "b", "c"]], dtype=">U1")).replace(b"\0\0\0b", b"\0\0\xd8\0"), "not valid Unicode"),
        (npy(np.array([{"a": 1}], dtype=object)), "neither numbers nor texts"),
        (npy(np.zeros((2, 3), dtype="M8[s]")), "neither numbers nor texts"),
        (npy(np.zeros((2, 3)))[:-1], "bytes"),
        (npy(np.zeros((2, 3))) + b"1", "bytes"),
        (npy(np.zeros((2, 4))), "4 columns where there are 3"),
        (npy(np.zeros((2, 3, 1))), "3 dimensions"),
        (npy(np.zeros(())), "0 dimensions"),
        (npy(np.zeros((0, 3))), "no rows"),
        (npy(np.zeros((2, 3))).replace(b"(2, 3)", b"(-2,-3)")[:-1], "bytes"),
        (npy(np.zeros((2, 3))).replace(b"(2, 3), }", b"(9**9,3)}"), "not NPY"),
    ],
)
def test_what_is_no_array_of_rows_is_the_callers_error(http: httpx.Client, body: bytes, message: str) -> None:
    answer = http.post("/invocations", content=body, headers={"content-type": "application/x-npy"})
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["message"]


@everywhere
def test_custom_attributes_go_back(http: httpx.Client, path: str) -> None:
    said = {"X-Amzn-SageMaker-Custom-Attributes": "trace=7"}
    assert http.post(path, json=LISTS, headers=said).headers["x-amzn-sagemaker-custom-attributes"] == "trace=7"
    assert "x-amzn-sagemaker-custom-attributes" not in http.post(path, json=LISTS).headers
    too_long = http.post(path, json=LISTS, headers={"X-Amzn-SageMaker-Custom-Attributes": "x" * 1025})
    assert too_long.status_code == 431
    assert "at most 1024" in too_long.json()["message"]


def test_an_error_has_the_type_that_awss_clients_read(http: httpx.Client) -> None:
    for path, status in (("/endpoints/credit/invocations", 400), ("/endpoints/nothing/invocations", 404)):
        refused = http.post(path, json=[{"age": "x"}])
        assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (status, "ValidationError")


def test_sagemaker_is_told_how_much_to_send_at_a_time(http: httpx.Client) -> None:
    told = http.get("/execution-parameters").json()
    assert told["BatchStrategy"] == "MULTI_RECORD"
    assert told["MaxPayloadInMB"] == 64
    assert told["MaxConcurrentTransforms"] >= 1


def test_kserve_lists_its_models(http: httpx.Client) -> None:
    assert http.get("/v1/models").json() == {"models": ["credit", "price"]}
    assert http.get("/v1/models/price").json() == {"name": "price", "ready": True}
    refused = http.post("/v1/models/credit:explain", json={"instances": ROWS})
    assert refused.status_code == 501
    assert "predict" in refused.json()["error"]


def test_an_event_is_answered_with_an_event(http: httpx.Client) -> None:
    attributes = {"specversion": "1.0", "id": "7", "source": "here", "type": "mine"}
    headers = {f"ce-{name}": value for name, value in attributes.items()}
    bare = http.post("/v1/models/credit:predict", json={"instances": ROWS}, headers=headers)
    assert bare.json() == {"predictions": labels(http)}
    assert bare.headers["ce-specversion"] == "1.0"
    assert bare.headers["ce-type"] == "io.kserve.inference.response"
    assert bare.headers["ce-id"] == bare.headers["x-request-id"]
    event = json.dumps({**attributes, "data": {"instances": ROWS}})
    whole = http.post(
        "/v1/models/credit:predict", content=event, headers={"content-type": "application/cloudevents+json"}
    )
    assert whole.headers["content-type"] == "application/cloudevents+json"
    assert whole.json()["data"] == bare.json()
    assert {"specversion", "id", "source", "type"} < whole.json().keys()
    assert "ce-type" not in http.post("/v1/models/credit:predict", json={"instances": ROWS}).headers


@pytest.fixture
def many(app: App) -> Iterator[httpx.Client]:
    with (
        background(create_app(app.registry, control=app, gate=everybody()), bind(port=0)) as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client


def test_a_model_is_loaded_from_its_folder_listed_scored_and_let_go(app: App, many: httpx.Client) -> None:
    folder = app.home / "model"
    folder.mkdir()
    (folder / "any.scoreline").write_bytes((app.home.parent / "price.scoreline").read_bytes())
    load = {"model_name": "second", "url": str(folder)}
    assert many.post("/models", json=load).status_code == 200
    assert [model["modelName"] for model in many.get("/models").json()["models"]] == ["credit", "price", "second"]
    assert many.get("/models/second").json() == {"modelName": "second", "modelUrl": "second@1"}
    assert many.post("/models", json=load).status_code == 409
    assert many.post("/models/second/invoke", json=LISTS).status_code == 200
    assert many.delete("/models/second").status_code == 200
    assert many.get("/models/second").status_code == 404
    assert many.post("/models/second/invoke", json=LISTS).status_code == 404


def test_a_folder_that_holds_no_model_is_refused(app: App, many: httpx.Client) -> None:
    for url, status in ((str(app.home.parent), 400), (str(app.home / "nowhere"), 404)):
        assert many.post("/models", json={"model_name": "x", "url": url}).status_code == status
    for url in ("x" * 5000, "\0"):
        assert many.post("/models", json={"model_name": "x", "url": url}).status_code in (400, 404)
    assert many.post("/models", json={"url": "x"}).status_code == 400
    assert many.post("/models", json={"model_name": "a b", "url": str(app.home)}).status_code == 400


@pytest.mark.parametrize("fast_lane", [True, False], ids=["fast lane", "asgi"])
def test_vertex_asks_under_the_addresses_that_it_chose(app: App, fast_lane: bool) -> None:
    aliases = {"/v1/endpoints/1/deployedModels/2:predict": "/predict", "/": "/ping"}
    with background(create_app(app.registry, fast_lane=fast_lane, aliases=aliases), bind(port=0)) as url:
        for path in (*list(aliases)[:1], "/predict", "/v1/endpoints/1/deployedModels/2:predict/"):
            answer = httpx.post(url + path, json={"instances": ROWS, "parameters": {"method": "predict"}})
            assert len(answer.json()["predictions"]) == len(ROWS)
        assert httpx.get(f"{url}/").text == "\n"
