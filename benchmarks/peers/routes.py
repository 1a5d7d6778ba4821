"""What both FastAPI servers have: a pydantic model with a field for each column, a route for one row and for many."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, create_model

from benchmarks.peers.world import NUMBERS, TEXTS

Row = create_model("Row", **dict.fromkeys(NUMBERS, (float, ...)), **dict.fromkeys(TEXTS, (str, ...)))


class Score(BaseModel):
    """The probability of the last label."""

    probability: float


class Scores(BaseModel):
    """The same for many rows, in order."""

    probabilities: list[float]


def application(score: Callable[[list[Any]], list[float]]) -> FastAPI:
    """Answer with what ``score`` makes of pydantic's rows."""
    app = FastAPI()

    @app.post("/score")
    async def score_row(row: Row) -> Score:
        return Score(probability=score([row])[0])

    @app.post("/score-rows")
    async def score_rows(rows: list[Row]) -> Scores:
        return Scores(probabilities=score(rows))

    return app
