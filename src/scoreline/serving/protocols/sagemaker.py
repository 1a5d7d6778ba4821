"""SageMaker's runtime: an endpoint's, and one model's of a container that holds many.

The bodies are those of ``/invocations``, in ``mlflow``. Source: the API reference of SageMaker Runtime; SageMaker's
guide to multi-model endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scoreline.core.errors import ScorelineError
from scoreline.serving.protocols.dialect import Headers, Outcome
from scoreline.serving.protocols.mlflow import MLflow

_ERROR_TYPES = {
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    429: "ThrottlingException",
    500: "InternalFailure",
    503: "ServiceUnavailable",
}
"""Status → what AWS calls it; every other error is a ValidationError."""
_encoder = msgspec.json.Encoder()


class SageMaker(MLflow):
    """``/endpoints/{name}/invocations`` and ``/models/{name}/invoke``."""

    name = "sagemaker"
    prefixes = ("/endpoints/{name}/invocations", "/models/{name}/invoke")
    score_path = ""

    def __init__(self) -> None:
        self.views = {}

    def answer_headers(self, said: Mapping[bytes, bytes], outcome: Outcome) -> Headers:
        headers = (*super().answer_headers(said, outcome), ("x-amzn-requestid", outcome.request_id))
        if outcome.status >= 400:
            return (*headers, ("x-amzn-errortype", _ERROR_TYPES.get(outcome.status, "ValidationError")))
        return (*headers, ("x-amzn-invoked-production-variant", f"version-{outcome.version}"))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"message": str(error), "request_id": request_id})
