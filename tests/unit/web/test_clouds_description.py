from __future__ import annotations

import httpx

from scoreline.app.settings import App
from scoreline.web.app import create_app
from scoreline.web.control.clouds_description import TOLD, told_of
from scoreline.web.server import background, bind


def test_every_route_is_described_by_the_table_and_the_table_has_no_other(app: App) -> None:
    with background(create_app(app.registry, control=app), bind(port=0)) as url:
        document = httpx.get(f"{url}/openapi.json").json()
    paths, schemas = document["paths"], document["components"]["schemas"]
    described = [path for path, item in paths.items() if next(iter(item.values()))["tags"][0] in TAGS]
    assert len(described) > len(TOLD)
    for path in described:
        assert {method: told.summary for method, told in told_of(path).items()} == {
            method: operation["summary"] for method, operation in paths[path].items()
        }
    assert {id(told_of(path)) for path in described} == set(map(id, TOLD.values()))
    for probe in ("/services/{name}", "/deployments/{name}/ping", "/deployments/{name}/readyz"):
        assert paths[probe]["get"]["security"] == []
        assert "404 for others" in paths[probe]["get"]["description"]
    body = paths["/services/{name}/regenerateKeys"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/Regenerate"}
    assert schemas["Regenerate"]["required"] == ["keyType"]


TAGS = {told.tag for methods in TOLD.values() for told in methods.values()}
