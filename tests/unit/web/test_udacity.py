"""Udacity's four routes: rows that are sent and files that are named, with the fast lane and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.web.conftest import two_models

from scoreline.app.data_sets import DataFolder
from scoreline.app.settings import App
from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

ROWS = "age,amount,purpose,risk\n42,1500.5,radio,bad\n20,100,car,bad\n,300,car,good\n"
LABELS = ["bad", "bad", "bad"]
"""What ``credit`` makes of them."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with two_models(tmp_path_factory.mktemp("udacity")) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    (made / "rows.csv").write_text(ROWS)
    (made / "many.csv").write_text("age\n" + "1\n" * 5000)
    return made


@pytest.fixture(scope="module", params=[True, False], ids=["lane", "asgi"])
def http(request: pytest.FixtureRequest, app: App, folder: Path) -> Iterator[httpx.Client]:
    files = DataFolder(folder)
    limits = Limits(body_bytes=20_000)
    web = create_app(app.registry, data_folder=files, control=app, fast_lane=request.param, limits=limits)
    with background(web, bind(port=0)) as url, httpx.Client(base_url=f"{url}/deployments/credit") as client:
        yield client


FORMS: dict[str, dict[str, Any]] = {
    "member": {"json": {"filepath": "rows.csv"}},
    "filename": {"params": {"filename": "rows.csv"}},
    "data": {"params": {"data": "./rows.csv"}},
    "datapath": {"params": {"datapath": "rows.csv"}},
    "raw": {"content": ROWS},
    "raw with a type": {"content": ROWS, "headers": {"content-type": "text/csv"}},
    "form": {"files": {"dataset": ("rows.csv", ROWS)}},
    "form with more": {"files": {"dataset": ("rows.csv", ROWS)}, "data": {"comment": "none"}},
    "form of one field": {"files": {"file": ("rows.csv", ROWS)}},
    "rows": {"json": [{"age": 42, "amount": 1500.5, "purpose": "radio"}, {"age": 20, "amount": 100}, {"amount": 300}]},
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_answered_with_a_list_as_long_as_the_input(http: httpx.Client, form: str) -> None:
    answer = http.post("/prediction", **FORMS[form])
    assert (answer.status_code, answer.json()) == (200, LABELS), answer.text


def test_a_large_file_is_scored_as_well(http: httpx.Client) -> None:
    assert len(http.post("/prediction", json={"filename": "many.csv"}).json()) == 5000


def test_probabilities_are_answered_to_those_who_ask(http: httpx.Client) -> None:
    answer = http.post("/prediction", json={"rows": [{"age": 42}], "method": "predict_proba"}).json()
    assert sum(answer[0]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"json": {"filepath": "../rows.csv"}}, 403, "not in the data folder"),
        ({"json": {"filepath": "nothing.csv"}}, 404, "no CSV file 'nothing.csv'"),
        ({"json": {"filepath": "rows.csv", "rows": []}}, 400, "alone"),
        ({"params": {"filename": "/etc/passwd"}}, 403, "CSV in the body"),
        ({"params": {"filename": ""}}, 404, "no CSV file"),
        ({"files": {"one": "age\n1\n", "two": "age\n1\n"}}, 400, "no field `dataset`; its fields: `one`, `two`"),
        ({"content": b"--\r\n", "headers": {"content-type": "multipart/form-data"}}, 400, "no boundary"),
        ({"content": b"--x\r\nnothing", "headers": {"content-type": "multipart/form-data"}}, 400, "is not whole"),
        (
            {"content": b"--x\r\n" + b"a: b\r\n" * 3000, "headers": {"content-type": "multipart/form-data"}},
            400,
            "whole",
        ),
        ({"content": "age,amount\n1,2\nten,2\n"}, 400, "row 2, column `age`"),
        ({"content": "neither"}, 400, "not JSON"),
    ],
)
def test_a_refusal_says_where_and_what_to_do(http: httpx.Client, given: Any, status: int, said: str) -> None:
    answer = http.post("/prediction", **given)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["error"]


def test_a_file_is_no_larger_than_a_body(http: httpx.Client, folder: Path) -> None:
    (folder / "huge.csv").write_text("age\n" + "1\n" * 12_000)
    answer = http.post("/prediction", json={"filepath": "huge.csv"})
    assert (answer.status_code, "24,004 bytes" in answer.json()["error"]) == (413, True)


def test_rows_with_their_truth_have_a_score(http: httpx.Client) -> None:
    for answer in (
        http.get("/scoring", params={"filename": "rows.csv"}),
        http.post("/scoring", content=ROWS),
        http.post("/scoring", json={"filepath": "rows.csv"}),
        http.post("/scoring", files={"dataset": ("rows.csv", ROWS)}),
    ):
        told = answer.json()
        assert (told["scorer"], told["score"], told["n_rows"]) == ("f1", 0.8, 3)
        assert told["confusion"] == [[0, 1], [0, 2]]
    assert "row 1" in http.post("/scoring", content="age,risk\n1,what\n").json()["error"]
    assert http.get("/scoring").json()["of"] == "test rows of the experiment"


def test_a_table_is_summed_up(http: httpx.Client) -> None:
    for answer in (http.get("/summarystats?filename=rows.csv"), http.post("/summarystats", content=ROWS)):
        told = answer.json()
        assert told["columns"]["age"] == {"mean": 31, "median": 31, "std": pytest.approx(15.556349)}
        assert set(told["left_out"]) == {"purpose", "risk"}
    told = http.get("/summarystats").json()
    assert (told["columns"], told["of"]) == ({}, "the training data")
    assert "does not know" in told["left_out"]["age"]


def test_diagnostics_tell_time_gaps_and_packages(http: httpx.Client) -> None:
    http.post("/prediction", json=[{"age": None}])
    told = http.get("/diagnostics").json()
    timing = told["timing"]
    assert 0 < timing["scoring_p50_seconds"] <= timing["scoring_p95_seconds"]
    assert timing["training_seconds"] is None
    assert told["missing"]["of"] == "rows that were answered"
    assert told["missing"]["percent"]["age"] > 0
    assert "onnxruntime" in [each["name"] for each in told["dependencies"]]
    assert http.get("/diagnostics?filename=rows.csv").json()["missing"]["percent"]["age"] == pytest.approx(100 / 3)


def test_the_default_deployment_answers_at_the_root(app: App, folder: Path) -> None:
    app.registry.deploy("credit", "credit", default=True)
    web = create_app(app.registry, data_folder=DataFolder(folder))
    with background(web, bind(port=0)) as url, httpx.Client(base_url=url) as http:
        assert http.post("/prediction?filename=rows.csv").json() == LABELS
        for path in ("/scoring", "/summarystats", "/diagnostics"):
            assert http.get(path).status_code == 200


def test_who_may_see_may_look_and_who_may_score_may_send(app: App, folder: Path) -> None:
    viewer, scorer = (app.security.create_key(role, space="default", role=role).secret for role in ("viewer", "scorer"))
    app.security.create_space("other")
    stranger = app.security.create_key("stranger", space="other", role="admin").secret
    web = create_app(app.registry, data_folder=DataFolder(folder), gate=KeyGate(app.security))
    with background(web, bind(port=0)) as url, httpx.Client(base_url=f"{url}/deployments/credit") as http:

        def status(method: str, path: str, key: str) -> int:
            return http.request(method, path, content=ROWS, headers={"x-api-key": key}).status_code

        assert status("GET", "/scoring?filename=rows.csv", viewer) == 200
        assert status("POST", "/scoring", viewer) == status("POST", "/prediction?filename=rows.csv", viewer) == 403
        assert status("POST", "/scoring", scorer) == status("POST", "/prediction?filename=rows.csv", scorer) == 200
        assert status("GET", "/scoring?filename=rows.csv", stranger) == 404
        assert status("GET", "/scoring", "") == 401
