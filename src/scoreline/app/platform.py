"""What platforms that run containers say in the environment: where to listen, and under which addresses to answer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from scoreline.app.variables import Setting
from scoreline.core.errors import BadSetting

VARIABLES: tuple[Setting, ...] = (
    Setting("Vertex AI", "AIP_HTTP_PORT", "", "Port to listen on, at 0.0.0.0."),
    Setting("Vertex AI", "AIP_PREDICT_ROUTE", "", "One more address of `/predict`."),
    Setting("Vertex AI", "AIP_HEALTH_ROUTE", "", "One more address of `/ping`."),
    Setting("SageMaker", "SAGEMAKER_BIND_TO_PORT", "", "Port to listen on, at 0.0.0.0."),
    Setting(
        "SageMaker",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT",
        "",
        "Content type of answers to callers of `/invocations` who accept any; else JSON.",
    ),
    Setting(
        "SageMaker",
        "SAGEMAKER_MULTI_MODEL",
        "",
        "`true`: SageMaker loads the models; `/ping` asks after the server, `--open` lets it do so.",
    ),
    Setting("Cloud Run", "PORT", "", "Port to listen on, at 0.0.0.0, where `K_SERVICE` is set too."),
)
"""The one list; `docs/settings.md` shows it. The default is that the variable is not there."""

EVERYWHERE = "0.0.0.0"  # noqa: S104 (in a container, whose platform decides who reaches it)
LARGEST_PORT = 65_535
INVOCATIONS = ("mlflow", "sagemaker")
"""Dialects that SageMaker's callers speak."""


class Platform(NamedTuple):
    """Where a platform wants the server; empty: there is none, or it leaves that to us."""

    host: str = ""
    port: str = ""
    aliases: Mapping[str, str] = {}
    """Addresses beside ours, or in place of them → ours."""
    usual_answers: Mapping[str, str] = {}
    """Dialect → content type of answers to callers who accept any."""
    loads_models: bool = False
    """Whether it registers and deploys models itself."""

    @classmethod
    def of(cls, environment: Mapping[str, str] | None = None) -> Platform:
        """Read the environment. An option of the command goes before it. Raises BadSetting."""
        given = os.environ if environment is None else environment
        names = ("AIP_HTTP_PORT", "SAGEMAKER_BIND_TO_PORT", *(("PORT",) if given.get("K_SERVICE") else ()))
        port = next((text for name in names if (text := _port(name, given))), "")
        routes = (("AIP_PREDICT_ROUTE", "/predict"), ("AIP_HEALTH_ROUTE", "/ping"))
        aliases = {_route(name, given[name]): ours for name, ours in routes if given.get(name)}
        loads_models = given.get("SAGEMAKER_MULTI_MODEL", "").lower() == "true"
        if loads_models:
            aliases["/ping"] = "/health/ready"
        accept = given.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "")
        usual_answers = dict.fromkeys(INVOCATIONS, accept) if accept else {}
        return cls(EVERYWHERE if port else "", port, aliases, usual_answers, loads_models)


def _port(name: str, environment: Mapping[str, str]) -> str:
    text = environment.get(name, "")
    if text and not (text.isascii() and text.isdigit() and int(text) <= LARGEST_PORT):
        raise BadSetting(f"{name} is {text!r}: expected a port", hint=f"a number up to {LARGEST_PORT}")
    return text


def _route(name: str, text: str) -> str:
    if not text.startswith("/"):
        raise BadSetting(f"{name} is {text!r}: expected the path of an address", hint="it begins with /")
    return text.rstrip("/") or "/"
