from __future__ import annotations

from collections.abc import Iterator

import httpx
import msgspec
import pytest
from tests.artifacts import tiny_artifact

from scoreline.app.settings import Settings, open_app
from scoreline.core.schema import Column, Schema
from scoreline.scoring.pipeline import ScoringPipeline, load
from scoreline.web.app import create_app
from scoreline.web.server import background, bind

MAX_BODY_BYTES = 300_000


class World:
    """A server with four deployments, and the scoring pipelines behind them."""

    def __init__(self, http: httpx.Client, pipelines: dict[str, ScoringPipeline]) -> None:
        self.http = http
        self.pipelines = pipelines


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("protocols")
    schema = Schema(
        columns=(
            Column(name="age", type="number", minimum=18.0, maximum=80.0, example=42),
            Column(name="months", type="number", integer=True, minimum=4.0, maximum=72.0, example=12),
            Column(name="owns", type="boolean", example=True),
            Column(name="purpose", type="category", levels=("car", "radio"), example="radio"),
            Column(name="note", type="text", example="late twice"),
        )
    )
    demanding = tuple(msgspec.structs.replace(column, required=column.name == "purpose") for column in schema.columns)
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        pipelines = {}
        for name, chosen, target, labels in (
            ("credit", schema, "risk", ("good", "bad")),
            ("cooling", schema, "cool_cond_y", (3, 20, 100)),
            ("price", schema, "price", ()),
            ("strict", Schema(columns=demanding), "risk", (False, True)),
        ):
            file = folder / f"{name}.scoreline"
            tiny_artifact(file, name=name, schema=chosen, target=target, labels=labels, weight=0.0123)
            app.registry.register(file)
            app.registry.deploy(name, name, default=name == "credit")
            pipelines[name] = load(file)
        web = create_app(app.registry, max_body_bytes=MAX_BODY_BYTES)
        with background(web, bind(port=0)) as url, httpx.Client(base_url=url) as http:
            yield World(http, pipelines)
