from __future__ import annotations

import pytest

from scoreline.app.platform import Platform
from scoreline.core.errors import BadSetting


@pytest.mark.parametrize(
    ("environment", "host", "port"),
    [
        ({}, "", ""),
        ({"AIP_HTTP_PORT": "8080"}, "0.0.0.0", "8080"),
        ({"SAGEMAKER_BIND_TO_PORT": "8081"}, "0.0.0.0", "8081"),
        ({"PORT": "3000"}, "", ""),
        ({"PORT": "8082", "K_SERVICE": "credit"}, "0.0.0.0", "8082"),
        ({"AIP_HTTP_PORT": ""}, "", ""),
    ],
)
def test_a_platform_says_where_to_listen(environment: dict[str, str], host: str, port: str) -> None:
    assert Platform.of(environment) == Platform(host, port)


def test_vertex_chooses_two_addresses() -> None:
    routes = {"AIP_PREDICT_ROUTE": "/v1/endpoints/1/deployedModels/2:predict", "AIP_HEALTH_ROUTE": "/well/"}
    assert Platform.of(routes).aliases == {"/v1/endpoints/1/deployedModels/2:predict": "/predict", "/well": "/ping"}


def test_sagemaker_says_what_answers_are_and_that_there_are_many_models() -> None:
    accept = {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}
    assert Platform.of(accept).usual_answers == {"mlflow": "text/csv", "sagemaker": "text/csv"}
    assert Platform.of({"SAGEMAKER_MULTI_MODEL": "true"}).aliases == {"/ping": "/health/ready"}
    assert Platform.of({"SAGEMAKER_MULTI_MODEL": "false", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": ""}) == Platform()


@pytest.mark.parametrize("wrong", [{"AIP_HTTP_PORT": "http"}, {"AIP_HTTP_PORT": "70000"}, {"AIP_HEALTH_ROUTE": "ping"}])
def test_what_a_platform_says_wrongly_is_named(wrong: dict[str, str]) -> None:
    [name] = wrong
    with pytest.raises(BadSetting, match=name):
        Platform.of(wrong)
