"""Routes that are made when they are asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx

LATE = ("scoreline.web.control", "scoreline.web.openapi", "scoreline.importing", "joserfc", "argon2", "cryptography")
LATE += ("grpc", "thriftpy2", "swagger_ui", "polars", "onnx.", "lightgbm")


def test_a_worker_that_scores_imports_nothing_that_it_does_not_need() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import json, sys, scoreline.web.app; print(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not [name for name in json.loads(found.stdout) if name.startswith(LATE)]


def test_a_path_where_nothing_is_names_those_that_are_close(http: httpx.Client) -> None:
    for path, close in (("/openapi.jsn", "/openapi.json"), ("/api/v1/deployment", "/api/v1/deployments")):
        answer = http.get(path)
        assert answer.status_code == 404
        assert close in answer.json()["error"]["hint"]
    assert http.put("/openapi.json").status_code == 405
