"""Fit the tutorial's model and save it for MLflow's server, with its signature and its probabilities."""

from __future__ import annotations

import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature

from benchmarks.peers.trusted import TRUSTED
from benchmarks.peers.tutorial import fit
from benchmarks.peers.world import NUMBERS, TARGET, TEXTS, WORLD


def main() -> None:
    table = pd.read_csv(WORLD / "table.csv").astype(dict.fromkeys(NUMBERS, "float64"))
    features = table.drop(columns=TARGET)
    model = fit(features, table[TARGET], NUMBERS, TEXTS)
    mlflow.sklearn.save_model(
        model,
        WORLD / "mlflow",
        pyfunc_predict_fn="predict_proba",
        signature=infer_signature(features, model.predict_proba(features)),
        skops_trusted_types=TRUSTED,
    )


if __name__ == "__main__":
    main()
