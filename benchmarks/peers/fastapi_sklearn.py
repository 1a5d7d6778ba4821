"""FastAPI, pandas and scikit-learn: rows become a data frame for the pipeline that `mlflow_model` saved."""

from __future__ import annotations

from typing import Any

import pandas as pd
import skops.io

from benchmarks.peers.routes import application
from benchmarks.peers.trusted import TRUSTED
from benchmarks.peers.world import WORLD

model = skops.io.load(WORLD / "mlflow" / "model.skops", trusted=TRUSTED)


def score(rows: list[Any]) -> list[float]:
    frame = pd.DataFrame([row.model_dump() for row in rows])
    found: list[float] = model.predict_proba(frame)[:, -1].tolist()
    return found


app = application(score)
