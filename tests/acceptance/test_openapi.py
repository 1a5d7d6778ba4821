"""What the OpenAPI document promises: a real server is asked what it allows, and what it does not."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from tests.acceptance.clouds import served
from tests.acceptance.conftest import Scoreline

load_all_checks()
PROMISES = CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
    ]
)
REFUSED, NOT_NOW = 501, 503
"""A part that is not offered says so with the first; a probe of what does not answer with the second."""
N_EXAMPLES = 3


@pytest.fixture(scope="module")
def api(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, dict[str, str]]]:
    """The document, and the key, of a server on a copy of the home: what is asked of it may change everything."""
    apart = Scoreline(tmp_path_factory.mktemp("openapi"))
    shutil.copytree(trained.home, apart.home)
    made = apart("key", "create", "all", "--role", "admin", "--json")
    assert made.status == 0, made.err
    with served(apart) as server:
        headers = {"x-api-key": made.document["secret"]}
        yield schemathesis.openapi.from_url(f"{server.url}/openapi.json", headers=headers), headers


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_operation_answers_as_described_and_never_with_a_fault_of_ours(
    api: tuple[Any, dict[str, str]], mode: GenerationMode
) -> None:
    schema, key = api
    operations = [found.ok() for found in schema.get_all_operations()]
    asked = [operation for operation in operations if operation.method.upper() != "DELETE"]
    found = [answered(operation, mode, key) for operation in asked]
    assert sum(map(bool, found)) > 100
    assert {200, 404} <= set().union(*found) if mode is GenerationMode.POSITIVE else 400 in set().union(*found)


def answered(operation: Any, mode: GenerationMode, key: dict[str, str]) -> set[int]:
    """Ask what may be asked, or may not; return the statuses of the answers."""
    statuses = set()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=N_EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(headers=key)
        statuses.add(answer.status_code)
        assert answer.status_code < 500 or answer.status_code in (REFUSED, NOT_NOW), (
            case.as_curl_command(),
            answer.text,
        )
        if answer.status_code != NOT_NOW:
            case.validate_response(answer, checks=PROMISES)

    with contextlib.suppress(Unsatisfiable):  # there is nothing that it does not allow
        ask()
    return statuses
