from __future__ import annotations

import pickle
from typing import Any

import lightgbm
import numpy as np
import pytest
from tests.unit.web.ibm.conftest import packed

NONE = "00000000-0000-4000-8000-000000000000"


def test_a_model_is_stored_filled_and_shown(ibm: Any) -> None:
    model = ibm.store(tags=["a"], custom={"team": "risk"}, label_column="risk")
    shown = ibm.ask("GET", f"/ml/v4/models/{model}").json()
    assert (shown["metadata"]["id"], shown["metadata"]["guid"]) == (model, model)
    assert len(model) == 36
    assert shown["metadata"]["name"] == "Credit Risk"
    assert shown["metadata"]["space_id"] == ibm.space.id
    assert shown["metadata"]["tags"] == ["a"]
    assert shown["entity"]["custom"] == {"team": "risk"}
    assert shown["entity"]["type"] == "scikit-learn_1.3"
    assert shown["entity"]["content_import_state"] == "completed"
    assert shown["entity"]["scoreline"] == {"model": "Credit-Risk", "version": 1}
    assert [each["metadata"]["id"] for each in ibm.ask("GET", "/ml/v4/models").json()["resources"]] == [model]


def test_content_may_come_in_a_tar_gz_and_comes_back_as_it_is_kept(ibm: Any) -> None:
    model = ibm.store(n=None)
    answer = ibm.fill(model, packed(credit__scoreline=ibm.pipelines[0]))
    assert answer.status_code == 201
    assert answer.json()["persisted"] is True
    assert ibm.ask("GET", f"/ml/v4/models/{model}/content").content == ibm.pipelines[0]
    archive = ibm.ask("GET", f"/ml/v4/models/{model}/download").content
    assert ibm.fill(ibm.store("again", n=None), archive).status_code == 201


def test_a_name_that_is_stored_again_is_the_next_version_of_the_model(ibm: Any) -> None:
    first, second = ibm.store(), ibm.store(n=1)
    assert first != second
    assert [version.number for version in ibm.app.registry_in(ibm.space.name).versions("Credit-Risk")] == [2, 1]


def test_a_version_that_the_registry_has_is_a_model_under_an_id_that_stays(ibm: Any, tmp_path: Any) -> None:
    file = tmp_path / "m.scoreline"
    file.write_bytes(ibm.pipelines[0])
    ibm.app.registry_in(ibm.space.name).register(file, "credit")
    found = ibm.ask("GET", "/ml/v4/models").json()["resources"]
    again = ibm.ask("GET", "/ml/v4/models").json()["resources"]
    assert [each["metadata"]["name"] for each in found] == ["credit"]
    assert found == again
    assert ibm.ask("GET", f"/v2/assets/{found[0]['metadata']['id']}").status_code == 200


def test_what_is_said_of_a_model_is_patched(ibm: Any) -> None:
    model = ibm.store(custom={"team": "risk"})
    changes = [
        {"op": "replace", "path": "/name", "value": "Better"},
        {"op": "add", "path": "/custom/owner", "value": "ada"},
        {"op": "add", "path": "/tags/-", "value": "new"},
    ]
    changed = ibm.ask("PATCH", f"/ml/v4/models/{model}", json=changes).json()
    assert changed["metadata"]["name"] == "Better"
    assert changed["metadata"]["tags"] == ["new"]
    assert changed["entity"]["custom"] == {"team": "risk", "owner": "ada"}


@pytest.mark.parametrize("path", ["/ml/v4/models/{}", "/v4/models/{}", "/v2/assets/{}?purge_on_delete=true"])
def test_a_model_is_deleted_with_its_version(ibm: Any, path: str) -> None:
    model = ibm.store()
    gone = ibm.ask("DELETE", path.format(model))
    assert (gone.status_code, gone.content) == (204, b"")
    assert ibm.ask("GET", f"/ml/v4/models/{model}").status_code == 404
    assert ibm.app.registry_in(ibm.space.name).models() == []


def test_deleting_one_version_leaves_the_others_and_the_champion_moves(ibm: Any) -> None:
    first, second = ibm.store(), ibm.store(n=1)
    assert ibm.ask("DELETE", f"/ml/v4/models/{first}").status_code == 204
    assert [each["metadata"]["id"] for each in ibm.ask("GET", "/ml/v4/models").json()["resources"]] == [second]
    assert ibm.app.registry_in(ibm.space.name).model("Credit-Risk").aliases == {"champion": 2}


def test_a_version_that_two_models_stand_for_goes_with_the_last_of_them(ibm: Any) -> None:
    first, second = ibm.store(), ibm.store()
    assert ibm.ask("DELETE", f"/ml/v4/models/{first}").status_code == 204
    assert ibm.ask("GET", f"/ml/v4/models/{second}/content").content == ibm.pipelines[0]
    assert ibm.ask("DELETE", f"/ml/v4/models/{second}").status_code == 204
    assert ibm.app.registry_in(ibm.space.name).models() == []


def test_a_version_that_was_deleted_by_its_name_is_no_model_any_more(ibm: Any, tmp_path: Any) -> None:
    model = ibm.store()
    registry = ibm.app.registry_in(ibm.space.name)
    registry.delete_model("Credit-Risk")
    assert ibm.ask("GET", "/ml/v4/models").json()["resources"] == []
    assert ibm.ask("GET", f"/ml/v4/models/{model}").status_code == 404
    file = tmp_path / "m.scoreline"
    file.write_bytes(ibm.pipelines[1])
    registry.register(file, "Credit-Risk")  # the same name and number, but not what was stored
    (found,) = ibm.ask("GET", "/ml/v4/models").json()["resources"]
    assert found["metadata"]["id"] != model
    assert ibm.ask("GET", f"/ml/v4/models/{model}").status_code == 404


def test_a_model_that_is_deployed_is_not_deleted(ibm: Any) -> None:
    model = ibm.store()
    deployment = ibm.deploy(model)
    assert ibm.ask("DELETE", f"/ml/v4/models/{model}").status_code == 409
    assert ibm.ask("DELETE", f"/ml/v4/deployments/{deployment}").status_code == 204
    assert ibm.ask("DELETE", f"/ml/v4/models/{model}").status_code == 204


def test_a_pickle_is_refused_with_the_ways_to_bring_the_model(ibm: Any) -> None:
    for content in (packed(scikit_model__pkl=pickle.dumps({"a": 1})), pickle.dumps({"a": 1})):
        answer = ibm.fill(ibm.store(n=None), content)
        assert answer.status_code == 400
        sentence = answer.json()["errors"][0]["message"]
        assert "is a pickle, and loading one runs whatever code is in it" in sentence
        assert "skops.io.dump" in sentence
        assert "ONNX" in sentence


@pytest.mark.parametrize(
    "content",
    [b"", b"nothing known", b"\x1f\x8b and no more", packed(), packed(**{"../outside": b"x"}), packed(**{"/x": b"x"})],
)
def test_content_that_is_no_model_is_refused_and_the_model_stays_without(ibm: Any, content: bytes) -> None:
    model = ibm.store(n=None)
    answer = ibm.fill(model, content)
    assert answer.status_code in (400, 411), answer.text
    assert "/tmp" not in answer.text
    assert ibm.ask("GET", f"/ml/v4/models/{model}/content").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"/ml/v4/models/{NONE}", None, 404),
        ("DELETE", f"/ml/v4/models/{NONE}", None, 404),
        ("PUT", f"/ml/v4/models/{NONE}/content", {}, 404),
        ("PATCH", f"/ml/v4/models/{NONE}", [], 404),
        ("POST", "/ml/v4/models", {"type": "no name"}, 400),
        ("POST", "/ml/v4/models", {"name": ""}, 400),
        ("POST", "/ml/v4/models", {"name": "a\x00b"}, 400),
        ("POST", "/ml/v4/models", [], 400),
        ("GET", "/ml/v4/models?limit=many", None, 400),
    ],
)
def test_what_cannot_be_done_is_told_in_ibms_shape(ibm: Any, method: str, path: str, body: Any, status: int) -> None:
    answer = ibm.ask(method, path, **({"json": body} if body is not None else {}))
    assert answer.status_code == status
    told = answer.json()
    assert told["status_code"] == status
    assert told["trace"] == answer.headers["x-request-id"]
    assert told["errors"][0]["message"]


def test_a_list_is_told_in_parts(ibm: Any) -> None:
    for n in range(3):
        ibm.store(f"model {n}", n=None)
    first = ibm.ask("GET", "/ml/v4/models", params={"limit": 2}).json()
    assert [each["metadata"]["name"] for each in first["resources"]] == ["model 0", "model 1"]
    rest = ibm.ask("GET", "/ml/v4/models", params={"limit": 2, "start": first["next"]["start"]}).json()
    assert [each["metadata"]["name"] for each in rest["resources"]] == ["model 2"]
    assert "next" not in rest


@pytest.mark.parametrize("sent", ["with rows", "with rows in a folder", "bare", "in an archive"])
def test_a_model_made_elsewhere_comes_with_rows_that_prove_it_or_is_proved_on_made_up_ones(ibm: Any, sent: str) -> None:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, 2)).round(3)
    labels = (rows[:, 0] > rows[:, 1]).astype(int)
    settings = {"objective": "binary", "verbose": -1, "num_leaves": 4, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, labels, feature_name=["a", "b"]), 5)
    text = booster.model_to_string().encode()
    sample = "a,b,risk\n" + "".join(f"{a},{b},{label}\n" for (a, b), label in zip(rows, labels, strict=True))
    content = {
        "with rows": packed(model__txt=text, sample__csv=sample.encode()),
        "with rows in a folder": packed(**{"m/model__txt": text, "m/sample__csv": sample.encode()}),
        "bare": text,
        "in an archive": packed(model__txt=text),
    }[sent]
    model = ibm.store(n=None, label_column="risk")
    answer = ibm.fill(model, content)
    assert answer.status_code == 201, answer.text
    block = {"fields": ["a", "b"], "values": rows[:5].tolist()}
    (found,) = ibm.score(ibm.deploy(model), [block]).json()["predictions"]
    assert [probability[1] for _, probability in found["values"]] == pytest.approx(booster.predict(rows[:5]), abs=1e-6)
