"""KServe's own clients, unmodified, against a real server: both protocols over REST, the second over gRPC."""

from __future__ import annotations

import json
from typing import Any

from tests.acceptance.clouds import ROWS, run_client, served


def test_kserve_scores_in_every_protocol_that_it_speaks(trained: Any) -> None:
    with served(trained, "--grpc-port", "0") as server:
        told = run_client("kserve", "score.py", server.url, server.beside["grpc"], server.key, json.dumps(ROWS))
    assert told["live"] == told["ready"] == [True, True]
    assert told["model ready"] == [True, True, True]
    assert told["first"] == {"predictions": ["yes", "no"]}
    for way in ("json", "binary", "grpc", "grpc raw"):
        assert told[way]["id"] == "mine"
        assert told[way]["scores"] == told["json"]["scores"]
    likely = [max(row) for row in told["json"]["scores"]]
    assert all(probability > 0.5 for probability in likely)
