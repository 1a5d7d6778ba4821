"""Whatever stands in a body, the answer is a fault of the caller's or none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

texts = st.text(max_size=20) | st.sampled_from(["", "/name", "/tags/0", "\x00", "\ud800", "é" * 400])
numbers = st.integers(-(10**30), 10**30) | st.floats()
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ["name", "space_id", "description", "tags", "custom", "schemas", "label_column", "type"]
MEMBERS += ["online", "batch", "hardware_spec", "asset"]
bodies = st.dictionaries(st.sampled_from(MEMBERS), values, max_size=6)
blocks = st.lists(st.fixed_dictionaries({"values": values}, optional={"fields": values, "id": values}), max_size=2)
changes = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "replace", "remove", "test"]),
            "path": st.sampled_from(["/name", "/tags", "/tags/-", "/custom/a", "/custom", "/asset", "/hardware_spec"]),
        },
        optional={"value": values},
    ),
    max_size=3,
)
patient = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def send(ibm: Any, method: str, path: str, body: Any) -> Any:
    """Send a body as JSON that other languages may write, too; see that nothing failed, and that it is told right."""
    content = json.dumps(body).encode()
    answer = ibm.ask(method, path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code < 500 or answer.status_code == 501, (body, answer.text)
    if answer.status_code >= 400:
        assert set(answer.json()) == {"trace", "errors", "status_code"}
    return answer


@pytest.mark.parametrize("path", ["/ml/v4/models", "/ml/v4/deployments"])
def test_a_body_of_anything_is_taken_or_told_why_not(ibm: Any, path: str) -> None:
    model = ibm.store()

    @patient
    @given(bodies)
    def ask(body: dict[str, Any]) -> None:
        send(ibm, "POST", path, {"name": "n", "asset": {"id": model}, "online": {}, **body})
        assert ibm.ask("GET", path).status_code == 200

    ask()


def test_rows_of_anything_end_their_job(ibm: Any) -> None:
    deployment = ibm.deploy(ibm.store(), batch={})

    @patient
    @given(blocks)
    def ask(rows: list[Any]) -> None:
        body = {"name": "j", "deployment": {"id": deployment}, "scoring": {"input_data": rows}}
        answer = send(ibm, "POST", "/ml/v4/deployment_jobs", body)
        if answer.status_code == 202:
            assert ibm.ended(answer.json()["metadata"]["id"])["status"]["state"] in ("completed", "failed")

    ask()


@pytest.mark.parametrize("kind", ["models", "deployments"])
def test_patches_of_anything_are_made_or_told_why_not(ibm: Any, kind: str) -> None:
    model = ibm.store()
    changed = model if kind == "models" else ibm.deploy(model)

    @patient
    @given(changes)
    def ask(made: list[Any]) -> None:
        send(ibm, "PATCH", f"/ml/v4/{kind}/{changed}", made)
        assert ibm.ask("GET", f"/ml/v4/{kind}/{changed}").status_code == 200

    ask()


@patient
@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"\x80\x04", b"tree\nversion="])
)
def test_content_of_anything_is_refused(ibm: Any, content: bytes, head: bytes) -> None:
    answer = ibm.fill(ibm.store(n=None), head + content)
    assert answer.status_code in (400, 411), answer.text
