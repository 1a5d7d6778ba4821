"""What SageMaker's callers and its containers say in headers and in the environment, down both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.artifacts import ROWS, tiny_artifact
from tests.keys import Keys

from scoreline.app.settings import App
from scoreline.core.errors import BadSetting
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

CREDIT = "/endpoints/credit/invocations"
NAME = "x-amzn-sagemaker-"
INVOKED = "x-amzn-invoked-production-variant"
both_ways = pytest.mark.parametrize("fast_lane", [True, False], ids=["fast lane", "asgi"])


@pytest.fixture(params=[True, False], ids=["fast lane", "asgi"])
def split(app: App, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """Two versions of `credit`, of which the second answers half of the requests, and one of `price`."""
    tiny_artifact(tmp_path / "second", name="credit", weight=0.5)
    app.registry.register(tmp_path / "second", "credit")
    app.registry.set_split("credit", {"2": 50.0})
    keys = Keys()
    keys.key("sl_all")
    keys.key("sl_credit", deployments=frozenset({"credit"}))
    made = create_app(app.registry, gate=KeyGate(keys), fast_lane=request.param)
    with background(made, bind(port=0)) as url, httpx.Client(base_url=url, headers={"x-api-key": "sl_all"}) as client:
        yield client


def ask(http: httpx.Client, path: str = CREDIT, key: str = "sl_all", **said: str) -> httpx.Response:
    headers = {NAME + name.replace("_", "-"): value for name, value in said.items()} | {"x-api-key": key}
    return http.post(path, json={"instances": ROWS}, headers=headers)


@pytest.mark.parametrize(("variant", "version"), [("version-1", 1), ("version-2", 2), ("2", 2)])
def test_a_variant_is_a_version_that_answers(split: httpx.Client, variant: str, version: int) -> None:
    for _ in range(8):  # by chance each of the two would answer some
        answer = ask(split, target_variant=variant)
        assert answer.headers[INVOKED] == f"version-{version}"
        assert answer.headers["x-scoreline-version"] == str(version)


def test_a_variant_that_does_not_answer_is_not_found(split: httpx.Client) -> None:
    for variant in ("version-9", "blue", "version-"):
        refused = ask(split, target_variant=variant)
        assert refused.status_code == 404
        assert "those that do: 1, 2" in refused.json()["message"]
    assert ask(split, target_variant="AllTraffic").status_code == 200


@pytest.mark.parametrize("model", ["price", "price.tar.gz", "models/price.tar.gz", "/price.tar.gz"])
def test_the_model_that_is_named_scores_whatever_the_endpoint_is_called(split: httpx.Client, model: str) -> None:
    direct = ask(split, "/endpoints/price/invocations").json()
    for path in (CREDIT, "/endpoints/many/invocations"):
        assert ask(split, path, target_model=model).json() == direct
    assert ask(split).json() != direct


def test_a_model_that_is_not_there_or_out_of_reach_is_not_found(split: httpx.Client) -> None:
    assert ask(split, target_model="nothing.tar.gz").status_code == 404
    assert ask(split, key="sl_credit", target_model="price").status_code == 404
    assert ask(split, key="sl_credit", target_model="credit").status_code == 200
    assert ask(split, "/endpoints/price/invocations", key="sl_credit", target_model="credit").status_code == 200


def test_a_containers_own_address_goes_before_the_name_of_its_model(split: httpx.Client) -> None:
    direct = ask(split, "/models/price/invoke").json()
    assert ask(split, "/models/price/invoke", target_model="credit.tar.gz").json() == direct


def test_the_same_head_without_the_header_means_the_address_again(split: httpx.Client) -> None:
    for _ in range(3):
        assert ask(split, target_variant="version-2").headers[INVOKED] == "version-2"
        assert ask(split, target_model="price").headers[INVOKED] == "version-1"
    assert {ask(split).headers[INVOKED] for _ in range(40)} == {"version-1", "version-2"}


def test_an_inference_id_is_the_id_of_the_request(split: httpx.Client) -> None:
    answer = ask(split, inference_id="shop-42")
    assert answer.headers["x-request-id"] == answer.headers["x-amzn-requestid"] == "shop-42"
    assert ask(split, inference_id="not an id").headers["x-request-id"] != "not an id"


@both_ways
def test_the_usual_answer_is_what_the_environment_says(app: App, fast_lane: bool) -> None:
    usual = {"mlflow": "text/csv", "sagemaker": "text/csv"}
    made = create_app(app.registry, fast_lane=fast_lane, usual_answers=usual)
    with background(made, bind(port=0)) as url, httpx.Client(base_url=url) as http:

        def kind_of(path: str, accept: str | None = None) -> str:
            request = http.build_request("POST", path, json={"instances": ROWS})
            del request.headers["accept"]
            if accept is not None:
                request.headers["accept"] = accept
            answer = http.send(request)
            assert answer.status_code == 200
            return answer.headers["content-type"].partition(";")[0]

        for path in ("/invocations", CREDIT, "/models/credit/invoke"):
            for accept in (None, "", "*/*", "*/*;q=0.5"):
                assert [kind_of(path, accept) for _ in range(3)] == ["text/csv"] * 3
            assert kind_of(path, "application/json") == kind_of(path, "application/*") == "application/json"
        assert kind_of("/v1/models/credit:predict") == "application/json"


def test_a_usual_answer_that_cannot_be_written_is_told_at_the_start(app: App) -> None:
    with pytest.raises(BadSetting, match="`image/png` cannot be the usual content type"):
        create_app(app.registry, usual_answers={"mlflow": "image/png"})


def test_of_many_models_ping_tells_of_the_server(app: App) -> None:
    for name in ("credit", "price"):
        app.registry.undeploy(name)
    made = create_app(app.registry, gate=KeyGate(Keys()), aliases={"/ping": "/health/ready"})
    with background(made, bind(port=0)) as url:
        assert httpx.get(f"{url}/ping").status_code == 200
