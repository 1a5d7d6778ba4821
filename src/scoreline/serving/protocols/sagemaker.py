"""SageMaker's runtime: an endpoint's, and one model's of a container that holds many.

The bodies are those of ``/invocations``, in ``mlflow``. Source: the API reference of SageMaker Runtime; SageMaker's
guide to multi-model endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scoreline.core.errors import ScorelineError
from scoreline.serving.protocols.dialect import Headers, Outcome, Where
from scoreline.serving.protocols.mlflow import MLflow

_ERROR_TYPES = {
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    429: "ThrottlingException",
    500: "InternalFailure",
    503: "ServiceUnavailable",
}
"""Status → what AWS calls it; every other error is a ValidationError."""
TARGET_MODEL, TARGET_VARIANT = b"x-amzn-sagemaker-target-model", b"x-amzn-sagemaker-target-variant"
ENDPOINTS = "/endpoints/"
VARIANT, ALL_VARIANTS = "version-", "AllTraffic"
"""A version is a variant. The other is what SageMaker calls the only variant of most endpoints: whichever answers."""
PACKED = ".tar.gz"
_encoder = msgspec.json.Encoder()


class SageMaker(MLflow):
    """``/endpoints/{name}/invocations`` and ``/models/{name}/invoke``."""

    name = "sagemaker"
    prefixes = (ENDPOINTS + "{name}/invocations", "/models/{name}/invoke")
    score_path = ""
    heeds = MLflow.heeds | {TARGET_MODEL, TARGET_VARIANT}

    def __init__(self) -> None:
        self.views = {}

    def meant(self, said: Mapping[bytes, bytes], path: str, where: Where) -> Where:
        """Read which model and which variant is meant. A container's own address goes before the name of its model."""
        model = said.get(TARGET_MODEL, b"").decode("latin-1")
        if model and path.startswith(ENDPOINTS):
            where = where._replace(name=model.rpartition("/")[2].removesuffix(PACKED))
        variant = said.get(TARGET_VARIANT, b"").decode("latin-1")
        if variant and variant != ALL_VARIANTS:
            where = where._replace(version=variant.removeprefix(VARIANT))
        return where

    def answer_headers(self, said: Mapping[bytes, bytes], outcome: Outcome) -> Headers:
        headers = (*super().answer_headers(said, outcome), ("x-amzn-requestid", outcome.request_id))
        if outcome.status >= 400:
            return (*headers, ("x-amzn-errortype", _ERROR_TYPES.get(outcome.status, "ValidationError")))
        return (*headers, ("x-amzn-invoked-production-variant", f"{VARIANT}{outcome.version}"))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"message": str(error), "request_id": request_id})
