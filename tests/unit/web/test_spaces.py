"""Two spaces with the same names behind one server: whichever way it is asked, nobody meets what is another space's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from starlette.routing import Route
from tests.artifacts import ROWS, SCHEMA, tiny_artifact
from tests.protocols.speakers import SPEAKERS, Speaker
from tests.wire import Server, request, responses, serving

from scoreline.app import prediction_log as use_cases
from scoreline.app.settings import App, Settings, open_app
from scoreline.core.access import EVERY_SPACE
from scoreline.core.errors import NotFound
from scoreline.core.schema import Column, Schema
from scoreline.prediction_log.log import PredictionLog
from scoreline.scoring.pipeline import ScoringPipeline, load
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate

HIDDEN = "hidden-deployment"
MARKS = re.compile(r"hidden-model|hidden_target|hidden_column")
"""What only the default space has, and no request here says."""
ANSWERS_ANYTHING = {
    "GET /v2/software_specifications/{id}": "what Scoreline is, for all",
    "GET /subscriptions/{workspace:path}/services": "the caller's own, whatever it calls its workspace",
    "GET /modelmanagement/v1.0/subscriptions/{workspace:path}/services": "the caller's own",
}
"""Routes that answer for whatever stands in their address, and why that is nobody else's."""
HERE, THERE, ALL, ONE = "here", "there", "all", "one"
"""Whose key is sent: the default space's administrator's, the other's, the installation's; one good for `credit` only.
"""


class World(NamedTuple):
    app: App
    servers: dict[str, Server]
    routes: list[Route]
    keys: dict[str, str]
    pipelines: dict[str, ScoringPipeline]
    """Of ``credit``, by whose key."""

    def ask(self, path: str, key: str, *, method: str = "GET", way: str = "lane", **more: Any) -> Any:
        server = self.servers[way]
        headers = [f"{name}: {value}" for name, value in more.pop("headers", {}).items()]
        wire = server.exchange(
            request(None, f"x-api-key: {self.keys.get(key, key)}", *headers, path=path, method=method, **more)
        )
        server.wait_for(wire, 1)
        return responses(wire.sent)[-1]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("spaces")
    file = folder / "one.scoreline"
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        app.security.create_space("team")
        keys = {
            whose: app.security.create_key(whose, space=space, role="admin").secret
            for whose, space in ((HERE, "default"), (THERE, "team"), (ALL, EVERY_SPACE))
        }
        keys[ONE] = app.security.create_key(ONE, role="scorer", deployments=("credit",)).secret
        pipelines = {}
        for key, registry, weight in ((HERE, app.registry, 0.001), (THERE, app.registry_in("team"), 0.9)):
            tiny_artifact(file, weight=weight)
            version = registry.register(file)
            registry.deploy("credit", "credit")
            pipelines[key] = load(registry.artifact(version.digest))
        hidden = Schema(columns=(*SCHEMA.columns, Column(name="hidden_column", type="number", example=1)))
        tiny_artifact(file, name="hidden-model", target="hidden_target", schema=hidden)
        app.registry.register(file)
        app.registry.deploy(HIDDEN, "hidden-model")
        made, gates, logs = {}, [KeyGate(app.security), KeyGate(app.security)], []
        for way, gate in zip(("lane", "asgi"), gates, strict=True):
            gate.refresh()
            logs.append(PredictionLog(folder / "home" / "predictions"))
            made[way] = create_app(
                app.registry, fast_lane=way == "lane", gate=gate, control=app, prediction_log=logs[-1]
            )
        with logs[0], logs[1], serving(made["lane"]) as lane, serving(made["asgi"]) as asgi:
            routes = made["lane"]._app._app.every_route()  # type: ignore[attr-defined]  # what it answers, whole
            yield World(app, {"lane": lane, "asgi": asgi}, routes, keys, pipelines)


@pytest.mark.parametrize("way", ["lane", "asgi"])
@pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda speaker: type(speaker).__name__)
def test_every_dialect_scores_with_the_version_of_the_callers_space(world: World, speaker: Speaker, way: str) -> None:
    body = speaker.write(ROWS)
    for key, pipeline in world.pipelines.items():
        asked = {"method": "POST", "way": way, "body": body, "headers": speaker.headers}
        answer = world.ask(speaker.path.format(name="credit"), key, **asked)
        assert answer.status == 200, answer.body
        expected = pipeline.score(ROWS).values.tolist()
        found = speaker.scores(answer.body)
        assert [scores[-1] for scores in found] == pytest.approx([scores[-1] for scores in expected], abs=1e-4)
        for name in (HIDDEN, world.app.registry.deployment(HIDDEN).id):
            elsewhere = world.ask(speaker.path.format(name=name), THERE, **asked)
            assert (elsewhere.status, MARKS.findall(elsewhere.body.decode("latin-1"))) == (404, [])
            assert HIDDEN not in elsewhere.body.decode("latin-1").replace(name, "")
            assert "x-scoreline-version" not in elsewhere.headers
        for name in (HIDDEN, "absent"):
            withheld = world.ask(speaker.path.format(name=name), ONE, **asked)
            text = withheld.body.decode("latin-1")
            assert (withheld.status, HIDDEN in text.replace(name, ""), "credit" in text) == (404, False, True)


def _found_by(world: World, by: str) -> str:
    match by:
        case "name":
            return HIDDEN
        case "id":
            return world.app.registry.deployment(HIDDEN).id
        case "model":
            return "hidden-model"
        case "model's id":
            models = world.ask("/ml/v4/models", HERE).document["resources"]
            return next(each["metadata"]["id"] for each in models if each["metadata"]["name"] == "hidden-model")
        case "space":
            return "default"
        case "space's id":
            return world.app.security.space("default").id
        case _:
            return next(key.id for key in world.app.security.keys(space="default") if key.name == HERE)


def _targets(route: Route, name: str) -> str:
    return re.sub(r"\{[^}]*\}", name, route.path)


@pytest.mark.parametrize(
    ("by", "says_space"),
    [
        *((by, False) for by in ("name", "id", "model", "model's id", "space", "space's id", "key's id")),
        ("name", True),
    ],
)
def test_no_route_shows_or_changes_what_is_another_spaces(world: World, by: str, says_space: bool) -> None:
    """Every method of every route, with the other space's administrator's key, of something of the default space's."""
    registry = world.app.registry
    asks_for = f"?space_id={world.app.security.space('default').id}" if says_space else ""
    world.ask(f"/api/v1/deployments/{HIDDEN}/score", HERE, method="POST", body=json.dumps({"rows": ROWS}).encode())
    before = (registry.models(), registry.deployments(), registry.versions("hidden-model"))
    name = _found_by(world, by)
    answered = set()
    n_asked = 0
    for route in world.routes:
        endpoint: Any = route.endpoint
        for method in endpoint.needs:
            path = _targets(route, name) + asks_for
            body = b"" if method == "GET" else b"{}"
            headers = {"accept": "text/html, application/json, */*"}
            if body:
                headers["content-type"] = "application/json"
            answer = world.ask(path, THERE, method=method, way="asgi", body=body, headers=headers)
            text = answer.body.decode("latin-1")
            assert not MARKS.search(text.replace(name, "")), (method, path, text)
            assert HIDDEN not in text.replace(name, ""), (method, path, text)
            assert "{" not in route.path or "x-scoreline-version" not in answer.headers, (method, path)
            if "{" in route.path and endpoint.needs[method] != "nothing" and answer.status < 400:
                answered.add(f"{method} {route.path}")
            n_asked += 1
    assert n_asked > 50
    assert answered <= set(ANSWERS_ANYTHING)
    assert (registry.models(), registry.deployments(), registry.versions("hidden-model")) == before
    assert [space.name for space in world.app.security.spaces()] == ["default", "team"]
    assert all(world.ask("/api/v1/deployments", whose).status == 200 for whose in world.keys)


def test_files_of_the_machine_are_read_for_who_administers_all_spaces(world: World) -> None:
    digest = world.app.registry.resolve("hidden-model").digest
    document = {"model_name": "stolen", "url": str(world.app.registry.artifact(digest))}
    refused = world.ask("/models", THERE, method="POST", body=json.dumps(document).encode())
    assert refused.status == 403
    assert world.app.registry_in("team").deployments() == [world.app.registry_in("team").deployment("credit")]


def test_lists_and_pages_hold_what_is_in_the_callers_space(world: World) -> None:
    told = {key: world.ask("/api/v1/deployments", key).document["deployments"] for key in (HERE, THERE, ALL)}
    assert [(d["space"], d["name"]) for d in told[THERE]] == [("team", "credit")]
    assert told[HERE] == told[ALL]
    assert [(d["space"], d["name"]) for d in told[HERE]] == [("default", "credit"), ("default", HIDDEN)]
    in_team = world.ask("/api/v1/deployments", ALL, headers={"x-scoreline-space": "team"}).document["deployments"]
    assert in_team == told[THERE]
    refused = world.ask("/api/v1/deployments", THERE, headers={"x-scoreline-space": "default"})
    assert (refused.status, HIDDEN in refused.body.decode()) == (404, False)


def test_a_deployment_is_asked_for_by_id_from_wherever_the_caller_may_see_it(world: World) -> None:
    identity = world.app.registry_in("team").deployment("credit").id
    path = f"/api/v1/deployments/{identity}"
    assert world.ask(path, ALL).document["space"] == world.ask(path, THERE).document["space"] == "team"
    assert world.ask(path, HERE).status == 404
    body = json.dumps({"rows": ROWS}).encode()
    for way in ("lane", "asgi"):
        found = [world.ask(f"{path}/score", key, method="POST", body=body, way=way) for key in (ALL, THERE, HERE)]
        assert [answer.status for answer in found] == [200, 200, 404]
        assert found[0].document == found[1].document


def test_who_may_score_in_the_deployments_space_may_by_its_id_whatever_it_may_in_its_own(world: World) -> None:
    security = world.app.security
    secret = security.create_key("between's", space=EVERY_SPACE, user=_between(security)).secret
    there, here = (registry.deployment("credit").id for registry in (world.app.registry_in("team"), world.app.registry))
    body = json.dumps({"rows": ROWS}).encode()

    def status(way: str, name: str, **headers: str) -> int:
        path = f"/api/v1/deployments/{name}/score"
        return world.ask(path, secret, method="POST", body=body, way=way, headers=headers).status

    for way in ("lane", "asgi"):
        assert [status(way, name) for name in (there, here, "credit", "nowhere")] == [200, 403, 403, 404]
        assert status(way, "credit", **{"x-scoreline-space": "team"}) == 200


@pytest.mark.parametrize("way", ["lane", "asgi"])
def test_a_right_to_score_elsewhere_opens_no_route_that_scores_here(world: World, way: str) -> None:
    """A request is let in for what its address may lead to, so each view has to ask again where it does lead."""
    security = world.app.security
    secret = security.create_key(
        "elsewhere", space=EVERY_SPACE, user=_between(security), actions=["view", "score"]
    ).secret
    job = {
        "name": "a",
        "deployment": {"id": world.app.registry.deployment("credit").id},
        "scoring": {"input_data": [{}]},
    }
    body = json.dumps({"rows": ROWS, **job}).encode()
    asked = {
        f"{method} {route.path}": world.ask(_targets(route, "credit"), secret, method=method, body=body, way=way).status
        for route in world.routes
        for method, needs in getattr(route.endpoint, "needs", {}).items()
        if needs == "score"
    }
    assert len(asked) > 30
    assert {address: status for address, status in asked.items() if status not in (403, 404, 501)} == {}


def test_who_may_edit_in_the_deployments_space_may_by_its_id(world: World) -> None:
    security = world.app.security
    secret = security.create_key("editor", space=EVERY_SPACE, user=(name := _between(security))).secret
    security.grant(name, "team", "editor")
    there, here = (registry.deployment("credit").id for registry in (world.app.registry_in("team"), world.app.registry))
    keys = {whose: world.ask(f"/services/{whose}/listkeys", secret, method="POST") for whose in (there, here, "credit")}
    assert [answer.status for answer in keys.values()] == [200, 403, 403]
    assert security.authenticate_secret(keys[there].document["primaryKey"]).space == "team"
    assert world.ask(f"/models/{here}", secret, method="DELETE").status == 403
    assert world.ask("/v2/repository/models/credit/unload", secret, method="POST").status == 403


def _between(security: Any) -> str:
    """Somebody who may see what is in the default space, and score in the other."""
    name = f"between {len(security.users())}".replace(" ", "-")
    security.create_user(name)
    security.grant(name, "default", "viewer")
    security.grant(name, "team", "scorer")
    return name


def test_nothing_names_spaces_that_the_caller_has_nothing_in(world: World) -> None:
    world.app.security.create_space("team-of-others")
    for path in ("/v2/spaces", "/api/v1/spaces"):
        assert "default" not in (told := world.ask(path, THERE).body.decode())
        assert "team-of-others" not in told
    identity = world.app.security.space("team-of-others").id
    for path, method in (
        ("/v2/spaces/team-of-other", "GET"),
        (f"/v2/spaces/{identity}", "GET"),
        (f"/v2/spaces/{identity}", "DELETE"),
        ("/ml/v4/models?space_id=team-of-other", "GET"),
        (f"/ml/v4/deployments?space_id={identity}", "GET"),
        ("/api/v1/spaces/team-of-other", "GET"),
        (f"/api/v1/spaces/{identity}", "DELETE"),
    ):
        refused = world.ask(path, THERE, method=method)
        assert (refused.status, "team-of-others" in refused.body.decode()) == (404, False), path


def test_metrics_tell_of_the_deployments_that_the_caller_may_see(world: World) -> None:
    def text_for(key: str) -> str:
        return "".join(world.ask("/metrics", key, way=way).body.decode() for way in ("lane", "asgi"))

    def hidden_errors() -> list[str]:
        return re.findall(rf'.*deployment="{HIDDEN}",kind=.*', text_for(ALL))

    body = json.dumps({"rows": ROWS}).encode()
    before = hidden_errors()
    for key in (HERE, THERE):
        for way in ("lane", "asgi"):
            world.ask("/api/v1/deployments/credit/score", key, method="POST", body=body, way=way)
            world.ask("/api/v1/deployments/nowhere/score", key, method="POST", body=body, way=way)
            for name in (HIDDEN, world.app.registry.deployment(HIDDEN).id):
                world.ask(f"/api/v1/deployments/{name}/score", THERE, method="POST", body=body, way=way)
    labels = {}
    for key in (HERE, THERE, ALL):
        labels[key] = set(re.findall(r'deployment="([^"]*)"', text_for(key)))
    assert hidden_errors() == before  # what the other space's caller asked for it is not its
    assert labels[THERE] == {"", "team/credit"}
    assert labels[HERE] == {"", "credit", HIDDEN}
    assert labels[ALL] == labels[HERE] | labels[THERE]


def test_readiness_is_that_of_the_worker_and_names_what_the_caller_may_see(world: World) -> None:
    told = {key: world.ask("/health/ready", key).document for key in (HERE, THERE, ALL, "nobody's")}
    assert {document["status"] for document in told.values()} == {"ready"}
    assert {key: sorted(document["deployments"]) for key, document in told.items()} == {
        HERE: ["credit", HIDDEN],
        THERE: ["team/credit"],
        ALL: ["credit", HIDDEN, "team/credit"],
        "nobody's": [],
    }


@pytest.mark.parametrize("way", ["lane", "asgi"])
def test_lines_of_the_log_say_which_spaces_deployment_answered(
    world: World, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"rows": ROWS}).encode()
    with caplog.at_level("INFO", "scoreline.requests"):
        for key in (HERE, THERE):
            world.ask("/api/v1/deployments/credit/score", key, method="POST", body=body, way=way)
    assert [record.request["deployment"] for record in caplog.records] == ["credit", "team/credit"]  # type: ignore[attr-defined]


def test_the_prediction_log_keeps_spaces_apart(world: World) -> None:
    body = json.dumps({"rows": ROWS}).encode()
    asked = {"method": "POST", "body": body}
    for key, identity in ((HERE, "in-default"), (THERE, "in-team")):
        headers = {"x-request-id": identity}
        world.ask("/api/v1/deployments/credit/score", key, headers=headers, **asked)
    team = world.app.in_space("team")
    for app, identity, other in ((world.app, "in-default", "in-team"), (team, "in-team", "in-default")):
        for compacted in (False, True):
            if compacted:
                use_cases.compact(world.app)
            found = use_cases.newest(app, use_cases.Wanted("credit"), 10_000)["request_id"].to_list()
            assert identity in found
            assert other not in found
    assert [each.deployment for each in use_cases.overview(team)] == ["credit"]
    assert {each.deployment for each in use_cases.overview(world.app)} <= {"credit", HIDDEN}
    with pytest.raises(NotFound) as caught:
        use_cases.newest(team, use_cases.Wanted(HIDDEN), 10)
    assert caught.value.hint == "there is credit"
