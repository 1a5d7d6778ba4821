"""The tutorials' models, small: learned by scikit-learn from made-up tables of the tutorials' columns, and imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.acceptance.tutorials import h2o, ibm, udacity

N_ROWS = 300
CREDIT = {
    "CheckingStatus": ["no_checking", "less_0", "0_to_200", "greater_200"],
    "CreditHistory": ["outstanding_credit", "prior_payments_delayed", "credits_paid_to_date", "no_credits"],
    "LoanPurpose": ["car_new", "car_used", "furniture", "radio_tv", "business"],
    "ExistingSavings": ["unknown", "less_100", "100_to_500", "500_to_1000"],
    "EmploymentDuration": ["unemployed", "less_1", "1_to_4", "4_to_7", "greater_7"],
    "Sex": ["female", "male"],
    "OthersOnLoan": ["none", "co-applicant", "guarantor"],
    "OwnsProperty": ["car_other", "savings_insurance", "unknown", "real_estate"],
    "InstallmentPlans": ["none", "stores", "bank"],
    "Housing": ["own", "free", "rent"],
    "Job": ["skilled", "unemployed", "unskilled"],
    "Telephone": ["none", "yes"],
    "ForeignWorker": ["yes", "no"],
}
CREDIT_NUMBERS = {"LoanDuration": 64, "LoanAmount": 11676, "InstallmentPercent": 6, "CurrentResidenceDuration": 6}
CREDIT_NUMBERS |= {"Age": 74, "ExistingCreditsCount": 4, "Dependents": 2}
BANK = {
    "job": ["admin.", "blue-collar", "technician", "services", "unknown"],
    "marital": ["married", "single", "divorced"],
    "education": ["university.degree", "high.school", "basic.9y", "unknown"],
    "default": ["no", "unknown"],
    "housing": ["yes", "no"],
    "loan": ["no", "yes"],
    "contact": ["cellular", "telephone"],
    "month": ["may", "jul", "aug", "nov"],
    "day_of_week": ["mon", "tue", "wed", "thu", "fri"],
    "poutcome": ["nonexistent", "failure", "success"],
}
BANK_NUMBERS = {"age": 80, "duration": 2000, "campaign": 9, "pdays": 999, "previous": 4, "emp.var.rate": 1.4}
BANK_NUMBERS |= {"cons.price.idx": 94.7, "cons.conf.idx": -27.0, "euribor3m": 5.0, "nr.employed": 5228.1}


class Made(NamedTuple):
    """A model as its library writes it, beside rows that it was learned from."""

    name: str
    target: str
    columns: list[str]


def make_models(folder: Path) -> tuple[list[Made], dict[str, Any]]:
    """Write ``NAME.skops`` and ``NAME.csv`` for each; return them, and what Udacity's answers by itself."""
    draw = np.random.default_rng(7)
    bank = _table(draw, BANK, BANK_NUMBERS)
    credit = _table(draw, CREDIT, CREDIT_NUMBERS)[ibm.FIELDS]
    long_calls = bank["duration"] + draw.normal(0, 100, N_ROWS) > 800
    risky = credit["LoanDuration"] / 64 + (credit["CheckingStatus"] == "less_0") + draw.normal(0, 0.2, N_ROWS) > 0.8
    fields, row = json.loads(h2o.FIELDS), np.array(json.loads(h2o.ROW), float)
    rig = pd.DataFrame(row * draw.normal(1, 0.02, (N_ROWS, len(row))), columns=fields)
    condition = draw.choice([3, 20, 100], N_ROWS)
    rig["cool_pwr_pct"] = 1.3 + condition / 100 + draw.normal(0, 0.2, N_ROWS)
    made = [
        _write(folder, "bank", "y", bank, np.where(long_calls, "yes", "no")),
        _write(folder, "credit", "Risk", credit, np.where(risky, "Risk", "No Risk")),
        _write(folder, "cooling", "cool_cond_y", rig, condition),
    ]
    risk, expected = _risk(folder, draw)
    return [*made, risk], expected


def _table(draw: np.random.Generator, levels: dict[str, list[str]], numbers: dict[str, float]) -> pd.DataFrame:
    columns: dict[str, Any] = {name: draw.choice(texts, N_ROWS) for name, texts in levels.items()}
    for name, largest in numbers.items():
        values = draw.uniform(0, 1, N_ROWS) * largest
        columns[name] = values.astype(int) + 1 if isinstance(largest, int) else values
    return pd.DataFrame(columns)


def _write(folder: Path, name: str, target: str, table: pd.DataFrame, truth: Any) -> Made:
    texts = [column for column in table if table[column].dtype.kind not in "if"]
    numbers = [column for column in table if column not in texts]
    prepare = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), texts), (StandardScaler(), numbers))
    model = make_pipeline(prepare, LogisticRegression(max_iter=1000)).fit(table, truth)
    skops.io.dump(model, folder / f"{name}.skops")
    table.assign(**{target: truth}).to_csv(folder / f"{name}.csv", index=False)
    return Made(name, target, list(table))


def _risk(folder: Path, draw: np.random.Generator) -> tuple[Made, dict[str, Any]]:
    """The project's own model, as its training.py makes it, and its folders."""

    def companies(n: int) -> pd.DataFrame:
        names = ["".join(draw.choice(list("abcdefgh"), 4)) for _ in range(n)]
        activity, size = draw.integers(0, 1100, n), draw.integers(1, 110, n)
        leaves = (activity + 10 * size + draw.normal(0, 300, n) < 900).astype(int)
        year = 12 * activity + draw.integers(0, 900, n)
        return pd.DataFrame(
            dict(zip(["corporation", *udacity.FEATURES, "exited"], (names, activity, year, size, leaves), strict=True))
        )

    practice, new, test = companies(26), companies(26), companies(5)
    model = LogisticRegression(C=1.0, max_iter=100, random_state=0, solver="liblinear")
    model.fit(practice[udacity.FEATURES].to_numpy(), practice[udacity.TARGET])
    skops.io.dump(model, folder / "risk.skops")
    practice.to_csv(folder / "risk.csv", index=False)
    for name, table in (("testdata/testdata.csv", test), ("sourcedata/dataset3.csv", new)):
        (folder / "data" / name).parent.mkdir(parents=True)
        table.to_csv(folder / "data" / name, index=False)
    predictions = model.predict(test[udacity.FEATURES].to_numpy())
    summary = {name: [new[name].mean(), new[name].median(), new[name].std()] for name in udacity.FEATURES}
    expected = {
        "predictions": predictions.tolist(),
        "f1": f1_score(test[udacity.TARGET], predictions),
        "summary": summary,
    }
    return Made("risk", udacity.TARGET, udacity.FEATURES), expected
