from __future__ import annotations

from typing import Any

from starlette.routing import Route

from scoreline.web.control.ibm import ibm_routes
from scoreline.web.control.ibm.description import ibm_description
from scoreline.web.service import Service


def test_every_route_is_described_with_what_it_needs(service: Any) -> None:
    parts = Service(service[0], *[None] * (len(Service._fields) - 1))  # type: ignore[arg-type]
    described = ibm_description(parts).paths
    routes: list[Route] = ibm_routes(parts)
    assert {route.path for route in routes} == set(described)
    for route in routes:
        assert {method.lower() for method in route.endpoint.needs} == set(described[route.path])
        for method, needs in route.endpoint.needs.items():
            told = described[route.path][method.lower()]
            assert ("security" in told) == (needs == "nothing")
            assert needs == "nothing" or f"the right to {needs}," in told["description"]


def test_a_worker_that_only_scores_has_none_of_it(service: Any) -> None:
    parts = Service(None, *[None] * (len(Service._fields) - 1))  # type: ignore[arg-type]
    assert ibm_description(parts) == ({}, {})
    assert ibm_routes(parts) == []
