from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.artifacts import tiny_artifact

from scoreline.core.errors import ERRORS, ScorelineError
from scoreline.core.schema import Label
from scoreline.scoring.pipeline import load
from scoreline.serving.active import Active
from scoreline.serving.errors import http_status, rpc_code
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.answered import Answered
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.rpc import METHODS, RPC

rpc = RPC()
ROW = {"age": 44, "amount": "158.2", "purpose": "radio"}
OTHER = {"age": None, "amount": 300, "purpose": "car"}


def active(folder: Path, labels: tuple[Label, ...] = (3, 20, 100)) -> Active:
    file = folder / "cooling.scoreline"
    manifest = tiny_artifact(file, name="cooling", target="cool_cond_y", labels=labels)
    now = datetime(2026, 5, 1, tzinfo=UTC)
    return Active(name="cooling", model="cooling", version=4, digest=manifest.id, pipeline=load(file), loaded_at=now)


@pytest.fixture(scope="module")
def cooling(tmp_path_factory: pytest.TempPathFactory) -> Active:
    return active(tmp_path_factory.mktemp("rpc"))


def answer(deployed: Active, body: bytes) -> Reply:
    try:
        return Plane().answer_one(Asked(rpc, body, deployed))
    except Answered as answered:
        return answered.reply


def ask(deployed: Active, document: Any) -> Any:
    reply = answer(deployed, json.dumps(document).encode())
    assert reply.status == 200
    return json.loads(reply.body)


def call(deployed: Active, method: str, params: Any = None, **members: Any) -> Any:
    return ask(deployed, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params} | members)


def result(deployed: Active, method: str, params: Any = None) -> Any:
    document = call(deployed, method, params)
    assert (document["jsonrpc"], document["id"]) == ("2.0", 1)
    return document["result"]


def error(deployed: Active, method: str, params: Any = None, **members: Any) -> tuple[int, str]:
    told = call(deployed, method, params, **members)["error"]
    return told["code"], f"{told['message']} {told['data']['hint']}"


def test_one_row_has_one_score_for_each_label(cooling: Active) -> None:
    [wanted] = cooling.pipeline.score([ROW]).values.tolist()
    assert result(cooling, "score", {"row": ROW}) == wanted


def test_rows_have_their_scores_in_order(cooling: Active) -> None:
    assert (
        result(cooling, "score_batch", {"rows": [ROW, OTHER]}) == cooling.pipeline.score([ROW, OTHER]).values.tolist()
    )


def test_a_regression_has_one_score(tmp_path: Path) -> None:
    price = active(tmp_path, ())
    assert result(price, "score", {"row": ROW}) == price.pipeline.score([ROW]).values.tolist()
    assert result(price, "score_batch", [[ROW]]) == [price.pipeline.score([ROW]).values.tolist()]
    assert result(price, "get_target_labels") == []


def test_parameters_have_names_or_places(cooling: Active) -> None:
    wanted = result(cooling, "score", {"row": ROW, "pred_contribs": False, "output_margin": None})
    assert result(cooling, "score", [ROW]) == result(cooling, "score", [ROW, False, False]) == wanted
    assert result(cooling, "score", [list(ROW.values())]) == wanted


def test_the_original_leaves_the_version_out(cooling: Active) -> None:
    document = ask(cooling, {"id": "a", "method": "get_column_names", "params": {}})
    assert document == {"jsonrpc": "2.0", "id": "a", "result": ["age", "amount", "purpose"]}


def test_what_the_model_is_is_told(cooling: Active) -> None:
    assert result(cooling, "get_target_labels") == ["3", "20", "100"]
    assert result(cooling, "get_hash", []) == cooling.digest
    assert result(cooling, "system.listMethods") == list(METHODS)


@pytest.mark.parametrize("identity", [0, -1, 2**70, 1.5, "", "ü", None])
def test_an_id_comes_back_as_it_is(cooling: Active, identity: Any) -> None:
    assert call(cooling, "score", [ROW], id=identity)["id"] == identity
    assert call(cooling, "scored", [ROW], id=identity)["id"] == identity


@pytest.mark.parametrize(
    ("method", "params", "what"),
    [
        ("score", {"row": ROW, "pred_contribs": True}, "Shapley"),
        ("score_batch", [[ROW], False, True], "margins"),
        ("get_transformed_column_names", [], "get_column_names"),
    ],
)
def test_what_is_not_offered_is_refused_with_a_sentence(cooling: Active, method: str, params: Any, what: str) -> None:
    code, message = error(cooling, method, params)
    assert code == -32051
    assert what in message


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"row": ROW | {"age": "abc"}}, "row 1, column `age`"),
        ({"row": 3}, "`row`"),
        ({}, "`row`"),
        ({"rows": [ROW]}, "`rows`"),
        ([ROW, False, False, 1], "4 are too many"),
        ([ROW, 1], "`pred_contribs`"),
        ("row", "an object or a list"),
    ],
)
def test_wrong_parameters_are_told(cooling: Active, params: Any, what: str) -> None:
    code, message = error(cooling, "score", params)
    assert code == -32602
    assert what in message


def test_an_error_says_all_that_other_dialects_say(cooling: Active) -> None:
    told = call(cooling, "score_batch", [[ROW, ROW | {"age": "abc"}]])["error"]["data"]
    assert (told["code"], told["kind"], told["row"], told["column"]) == ("schema_mismatch", "invalid", 2, "age")


def test_an_unknown_method_is_told_the_known_ones(cooling: Active) -> None:
    code, message = error(cooling, "predict", {"row": ROW})
    assert code == -32601
    assert "score_batch" in message


@pytest.mark.parametrize("body", [b'{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', b"", b"[1, 2"])
def test_what_is_no_json_cannot_be_parsed(cooling: Active, body: bytes) -> None:
    document = json.loads(answer(cooling, body).body)
    assert (document["id"], document["error"]["code"]) == (None, -32700)


@pytest.mark.parametrize(
    "document",
    [
        {"jsonrpc": "2.0", "method": 1, "params": "bar"},
        {"jsonrpc": "1.1", "method": "score", "id": None},
        {"jsonrpc": "2.0", "method": "score", "id": [1]},
        {"jsonrpc": "2.0", "method": "score", "id": True},
        {"method": "score", "parameters": []},
        {},
        [],
        3,
    ],
)
def test_what_is_no_call_is_an_invalid_request(cooling: Active, document: Any) -> None:
    answered = ask(cooling, document)
    assert (answered["id"], answered["error"]["code"]) == (None, -32600)


def test_a_notification_is_not_answered(cooling: Active) -> None:
    for document in (
        {"jsonrpc": "2.0", "method": "score", "params": [ROW]},
        {"method": "nothing of the kind"},
        [{"method": "score", "params": [ROW]}, {"method": "get_hash"}],
    ):
        assert answer(cooling, json.dumps(document).encode()) == Reply(b"", status=204)


def test_a_batch_is_answered_in_order_without_its_notifications(cooling: Active) -> None:
    [wanted, other] = cooling.pipeline.score([ROW, OTHER]).values.tolist()
    answers = ask(
        cooling,
        [
            {"id": 1, "method": "score", "params": {"row": ROW}},
            {"method": "score", "params": {"row": OTHER}},
            {"id": 2, "method": "get_target_labels"},
            {"id": 3, "method": "score", "params": {"row": ROW | {"age": "abc"}}},
            7,
            {"id": 4, "method": "score_batch", "params": {"rows": [OTHER, ROW]}},
            {"id": 5, "method": "score", "params": {"row": OTHER}},
        ],
    )
    assert [answer["id"] for answer in answers] == [1, 2, 3, None, 4, 5]
    assert [answers[i]["result"] for i in (0, 1, 4, 5)] == [wanted, ["3", "20", "100"], [other, wanted], other]
    assert [answers[i]["error"]["code"] for i in (2, 3)] == [-32602, -32600]


def test_the_calls_of_a_batch_are_scored_in_one_run(cooling: Active) -> None:
    runs = []

    class Watcher:
        def answered(self, run: Any) -> None:
            runs.append(len(run.rows))

    batch = [{"id": i, "method": "score", "params": [ROW]} for i in range(5)]
    Plane([Watcher()]).answer_one(Asked(rpc, json.dumps(batch).encode(), cooling))
    assert runs == [5]


def test_a_batch_of_too_many_calls_is_told_the_better_way(cooling: Active) -> None:
    calls = [{"id": i, "method": "get_hash"} for i in range(1001)]
    assert len(ask(cooling, calls[:1000])) == 1000
    told = ask(cooling, calls)["error"]
    assert (told["code"], told["data"]["code"]) == (-32013, "too_large")
    assert "score_batch" in told["data"]["hint"]


def test_a_batch_tells_of_the_columns_of_all_its_rows(cooling: Active) -> None:
    batch = [{"id": 1, "method": "score", "params": [row]} for row in ({"age": 1}, {"amount": 2, "size": 3})]
    reply = answer(cooling, json.dumps(batch).encode())
    assert dict(reply.headers) == {
        "x-scoreline-ignored-columns": "size",
        "x-scoreline-absent-columns": "age, amount, purpose",
    }


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.code)
def test_every_error_has_a_code_that_json_rpc_allows(kind: type[ScorelineError]) -> None:
    told = kind("that")
    code = rpc_code(told)
    assert code in (-32602, -32603) or code in (-32000 - http_status(told) % 100, -32050 - http_status(told) % 100)
    assert -32768 <= code <= -32000


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["row", "rows", "age", "x"]), inner),
    max_leaves=5,
)
calls = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | values,
        "id": values,
        "method": st.sampled_from(sorted(METHODS)) | values,
        "params": values,
    },
)


@given(document=calls | st.lists(calls | values, max_size=4))
def test_every_answer_is_one_of_json_rpc(cooling: Active, document: Any) -> None:
    reply = answer(cooling, json.dumps(document).encode())
    if reply.status == 204:
        assert reply.body == b""
        return
    told = json.loads(reply.body)
    assert isinstance(told, list) == (isinstance(document, list) and document != [])
    for one in told if isinstance(told, list) else [told]:
        assert one["jsonrpc"] == "2.0"
        assert set(one) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"})
