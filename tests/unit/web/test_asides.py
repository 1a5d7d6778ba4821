"""Headers of a dialect beside its answers, on a connection that sends the same head again and again."""

from __future__ import annotations

import httpx
from tests.artifacts import ROWS


def test_the_headers_come_with_each_answer_to_the_same_head(http: httpx.Client) -> None:
    ids = set()
    for _ in range(4):
        answer = http.post("/services/credit/score", json={"data": ROWS})
        assert answer.headers["x-ms-request-id"] == answer.headers["x-request-id"]
        assert answer.headers["x-ms-run-function-failed"] == "False"
        ids.add(answer.headers["x-ms-request-id"])
    assert len(ids) == 4


def test_what_one_request_says_goes_back_with_its_own_answer(http: httpx.Client) -> None:
    for i in [0, 1, 1, 2, 2]:
        said = {"x-amzn-sagemaker-custom-attributes": f"trace={i}"}
        answer = http.post("/endpoints/credit/invocations", json={"instances": ROWS}, headers=said)
        assert answer.headers["x-amzn-sagemaker-custom-attributes"] == f"trace={i}"
        assert answer.headers["x-amzn-requestid"] == answer.headers["x-request-id"]
        silent = http.post("/endpoints/credit/invocations", json={"instances": ROWS})
        assert "x-amzn-sagemaker-custom-attributes" not in silent.headers
