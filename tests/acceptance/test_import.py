"""A model made elsewhere, imported, deployed and scored by the real command line."""

import csv
import io
import tarfile

import joblib
import lightgbm
import numpy as np
import polars as pl
from sklearn.linear_model import LinearRegression
from tests.imports import table


def test_a_model_of_another_library_is_imported_deployed_and_scores_as_it_did(scoreline):
    known = table("binary")
    booster = lightgbm.train(
        {"objective": "binary", "verbosity": -1}, lightgbm.Dataset(known.numbers.to_pandas(), known.y), 5
    )
    booster.save_model(scoreline.folder / "churn.txt")
    known.numbers.with_columns(pl.Series("y", known.y)).write_csv(scoreline.folder / "rows.csv")
    done = scoreline("import", "churn.txt", "--sample", "rows.csv", "--target", "y", "--labels", "stays,goes", "--json")
    assert done.status == 0, done.err
    assert done.document["version"] == {"model": "churn", "number": 1}
    assert done.document["parity"]["largest"] < done.document["parity"]["tolerance"]
    assert scoreline("deploy", "churn").status == 0
    scored = scoreline("score", "churn", "rows.csv")
    found = [float(row["y.goes"]) for row in csv.DictReader(io.StringIO(scored.out))]
    np.testing.assert_allclose(found, booster.predict(known.numbers.to_pandas()), atol=1e-6)
    told = scoreline("import", "churn.txt", "--sample", "rows.csv", "--target", "y", "-o", "churn.scoreline")
    assert told.status == 0, told.err
    for part in ("LightGBM", "Proof", "Notes", "churn, version 2", "its classes were taken"):
        assert part in told.out
    assert scoreline("inspect", "churn.scoreline").status == 0
    audit = scoreline("audit", "--action", "model.register", "--json").document["records"]
    assert [record["target"] for record in audit] == ["churn@2", "churn@1"]


def test_a_pickle_is_refused_with_the_ways_that_are_open(scoreline):
    joblib.dump(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), scoreline.folder / "scikit_model.pkl")
    with tarfile.open(scoreline.folder / "model.tar.gz", "w:gz") as archive:
        archive.add(scoreline.folder / "scikit_model.pkl", "scikit_model.pkl")
    refused = scoreline("import", "model.tar.gz", "--json")
    assert refused.document["error"]["code"] == "model_refused"
    assert "skops.io.dump" in refused.document["error"]["hint"]
    assert "SCORELINE_ALLOW_PICKLE=on" in scoreline("import", "model.tar.gz", "--trust").err
