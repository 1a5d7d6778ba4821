"""The worlds: what the servers are asked, and what the peers are given."""

import json

import numpy as np
import pandas as pd
import pytest
from benchmarks.opponents import OPPONENTS
from benchmarks.peers.tutorial import fit
from benchmarks.serving import plan, write_bodies
from benchmarks.ways import OURS, Scoreline
from benchmarks.worlds import NAMES, make_world


@pytest.fixture(scope="module", params=NAMES)
def world(request, tmp_path_factory):
    return make_world(request.param, tmp_path_factory.mktemp(request.param))


def test_the_tutorials_model_has_the_very_trees_of_the_scoring_pipeline(world):
    table = pd.read_csv(world.folder / "table.csv")
    columns = json.loads((world.folder / "columns.json").read_text(encoding="utf-8"))
    model = fit(table[world.schema.names], table[columns["target"]], columns["numbers"], columns["texts"])
    scored = model.predict_proba(table[world.schema.names])[:, -1]
    assert np.abs(scored - world.expected(world.rows)).max() < 1e-6
    assert len(np.unique(scored)) > 900


def test_every_way_asks_for_the_same_rows_and_reads_its_own_answer(world):
    rows = world.rows[:3]
    for way in (*OURS, *OPPONENTS):
        assert all(str(value) in json.dumps(way.body(rows)) for row in rows for value in row.values())
    prediction = {"label": "b", "probability": {"a": 0.25, "b": 0.75}}
    assert Scoreline().probabilities({"predictions": [prediction]}) == [0.75]


def test_bodies_rotate(world):
    for way in (Scoreline(), OPPONENTS[-1]):
        lines = write_bodies(way, world, 1).read_text(encoding="utf-8").splitlines()
        assert len(lines) == 1000
        assert len(set(lines)) > 500


def test_every_load_of_the_design_is_planned():
    assert {(one.n_rows, one.n_connections) for one in plan(2, 5, quick=False)} == {
        (n_rows, n_connections) for n_rows in (1, 100) for n_connections in (1, 32, 256)
    }
