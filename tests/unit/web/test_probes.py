"""Probes of one deployment: platforms ask them without a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest
from tests.keys import Keys

from scoreline.app.settings import App
from scoreline.core.access import ACTIONS_OF_ROLE, EVERY_SPACE
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind

PROBES = ("/deployments/{}/ping", "/deployments/{}/health", "/deployments/{}/readyz", "/services/{}", "/services/{}/")
ROOT_PROBES = ("/ping", "/health", "/readyz")


class World(NamedTuple):
    http: httpx.Client
    app: App
    keys: Keys
    hidden_id: str
    """Of deployment `hidden`, in space `other`."""

    def statuses(self, name: str, secret: str = "", **headers: str) -> set[int]:
        """Ask every probe of a deployment; return what they answer with."""
        sent = {**headers, **({"x-api-key": secret} if secret else {})}
        return {self.http.get(path.format(name), headers=sent).status_code for path in PROBES}


@pytest.fixture
def world(app: App) -> Iterator[World]:
    app.security.create_space("other")
    other = app.registry_in("other")
    other.register(app.registry.artifact(app.registry.resolve("price").digest), "hidden")
    hidden = other.deploy("hidden", "hidden")
    keys = Keys()
    keys.key("sl_here", "viewer", deployments=frozenset({"credit"}))
    keys.key("sl_there", "viewer", space="other")
    keys.key("sl_all", grants={EVERY_SPACE: ACTIONS_OF_ROLE["viewer"]})
    keys.key("sl_slow", "viewer", rate=0.01)
    with (
        background(create_app(app.registry, gate=KeyGate(keys), control=app), bind(port=0)) as url,
        httpx.Client(base_url=url) as http,
    ):
        yield World(http, app, keys, hidden.id)


def test_a_probe_without_a_key_finds_a_deployment_of_the_default_space_well(world: World) -> None:
    for dialect, text in (("deployments/price/ping", "\n"), ("deployments/price/readyz", "Ready")):
        assert world.http.get(f"/{dialect}").text == text
    healthy = world.http.get("/services/price/")
    assert (healthy.status_code, healthy.text) == (200, "Healthy")
    assert healthy.headers["content-type"].startswith("text/html")
    assert world.statuses("credit") == {200}


def test_a_deployment_that_is_not_there_is_not_found_and_no_other_is_named(world: World) -> None:
    assert world.statuses("nothing") == {404}
    for path in PROBES:
        refused = world.http.get(path.format("nothing"))
        assert "`nothing`" in refused.text
        assert "price" not in refused.text
        assert "credit" not in refused.text


def test_what_lies_in_another_space_is_not_there_without_a_key_of_it(world: World) -> None:
    assert world.statuses("hidden") == world.statuses(world.hidden_id) == {404}
    assert world.statuses("hidden", "sl_here") == world.statuses(world.hidden_id, "sl_here") == {404}
    assert world.statuses("hidden", "sl_there") == world.statuses(world.hidden_id, "sl_there") == {200}


def test_a_key_asks_about_its_own_space_and_what_it_may_see_there(world: World) -> None:
    assert world.statuses("credit", "sl_here") == {200}
    assert world.statuses("price", "sl_here") == {404}
    assert world.statuses("credit", "sl_there") == {404}


def test_a_space_that_is_named_without_a_key_is_not_told_of(world: World) -> None:
    assert world.statuses("credit", **{"x-scoreline-space": "other"}) == {404}
    assert world.http.get("/ping", headers={"x-scoreline-space": "other"}).status_code == 404
    assert world.statuses("credit", **{"x-scoreline-space": "default"}) == {200}
    assert world.statuses("hidden", "sl_all", **{"x-scoreline-space": "other"}) == {200}


def test_a_key_that_does_not_hold_asks_as_nobody(world: World) -> None:
    assert world.statuses("credit", "sl_guess") == {200}
    assert world.statuses("hidden", "sl_guess") == {404}


def test_a_key_that_asks_too_often_is_told_so_and_not_that_nothing_is_there(world: World) -> None:
    path, headers = "/deployments/credit/ping", {"x-api-key": "sl_slow"}
    assert world.http.get(path, headers=headers).status_code == 200
    assert world.http.get(path, headers=headers).status_code == 429


def test_a_deployment_that_nothing_answers_is_not_ready_and_strangers_learn_no_reason(app: App) -> None:
    app.registry.artifact(app.registry.resolve("price").digest).write_bytes(b"PK")
    with background(create_app(app.registry, gate=KeyGate(Keys())), bind(port=0)) as url:
        found = {path: httpx.get(url + path.format("price")) for path in PROBES}
    assert {path: answer.status_code for path, answer in found.items()} == {
        path: 500 if path.endswith("readyz") else 503 for path in PROBES
    }
    for answer in found.values():
        assert "cannot be loaded" not in answer.text


def test_the_root_tells_of_the_default_deployment(world: World) -> None:
    assert {world.http.get(path).status_code for path in ROOT_PROBES} == {200}


def test_the_root_is_not_ready_where_nothing_answers_there_and_never_not_found(app: App) -> None:
    for name in ("credit", "price"):
        app.registry.undeploy(name)
    with background(create_app(app.registry, gate=KeyGate(Keys())), bind(port=0)) as url:
        assert [httpx.get(url + path).status_code for path in ROOT_PROBES] == [503, 503, 500]
