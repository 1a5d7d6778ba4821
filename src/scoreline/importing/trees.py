"""Trees over raw columns: numbers as they come, categories by the sets of levels that nodes ask about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx

from scoreline.automl.features.categories import FIRST_LEVEL, MISSING, UNSEEN, CategoryColumn, look_up
from scoreline.automl.graph import NUMBERS, GraphWriter
from scoreline.automl.learners.forest import Forest
from scoreline.core.errors import ModelRefused
from scoreline.importing.original import Plan

IN, OUT = 1.0, 0.0
"""Value of a feature that says whether a row's level is in a set; missing is NaN."""
HALF = 0.5
MOST_SET_CELLS = 50_000_000
"""Cells of the table of all sets: 200 MB."""
ZERO_IS_MISSING = "zero"
AS_IT_COMES = "plain"

NumberKey = tuple[int, str]
SetKey = tuple[int, frozenset[int]]


@dataclass
class Questions:
    """What the nodes of a forest ask of a row, each question once: the columns of the matrix.

    First all questions about numbers, then all about sets of levels.
    """

    numbers: dict[NumberKey, int] = field(default_factory=dict)
    sets: dict[SetKey, int] = field(default_factory=dict)

    def number(self, feature: int, how: str = AS_IT_COMES) -> int:
        """Give the number of a question about a number; ``resolve`` makes it a column."""
        return self.numbers.setdefault((feature, how), len(self.numbers))

    def level_in(self, feature: int, codes: frozenset[int]) -> int:
        """Give the number, below 0, of a question whether the level's code is one of ``codes``."""
        return ~self.sets.setdefault((feature, codes), len(self.sets))

    def resolve(self, forest: Forest, order: list[SetKey]) -> None:
        """Turn the numbers of questions in the nodes of ``forest`` into columns of the matrix."""
        place = {key: len(self.numbers) + position for position, key in enumerate(order)}
        of_set = np.array([place[key] for key in self.sets], np.int64)
        for tree in forest.trees:
            about_sets = tree.feature < 0
            tree.feature = tree.feature.copy()
            tree.feature[about_sets] = of_set[~tree.feature[about_sets]]


def write_matrix(
    graph: GraphWriter, questions: Questions, plan: Plan, levels: Mapping[int, tuple[str, ...]], zero: float = 0.0
) -> tuple[str, list[SetKey]]:
    """Write the matrix double [n, d] that answers the questions, and tell in which order those about sets stand.

    ``levels``: feature → its levels, in the order of their codes; ``zero``: what counts as 0 where 0 is missing.
    """
    blocks: list[str] = []
    if not questions.numbers and not questions.sets:  # trees without a split still want a matrix
        if plan.sources[0].block == NUMBERS:
            questions.number(0)
        else:
            questions.level_in(0, frozenset())
    if questions.numbers:
        indices = [plan.sources[feature].index for feature, _ in questions.numbers]
        numbers = graph.columns(NUMBERS, indices, plan.n_numbers)
        turned = np.array([how == ZERO_IS_MISSING for _, how in questions.numbers])
        if turned.any():
            small = graph.node("LessOrEqual", graph.node("Abs", numbers), graph.constant(np.array(zero)))
            both = graph.node("And", small, graph.constant(turned[None, :]))
            numbers = graph.node("Where", both, graph.constant(np.array(np.nan)), numbers)
        blocks.append(numbers)
    order: list[SetKey] = []
    if questions.sets:
        columns = []
        for feature in sorted({feature for feature, _ in questions.sets}, key=lambda f: plan.sources[f].index):
            asked = [key for key in questions.sets if key[0] == feature]
            columns.append(_column(plan.sources[feature].index, levels[feature], [codes for _, codes in asked]))
            order += asked
        if sum(column.table.size for column in columns) > MOST_SET_CELLS:
            raise ModelRefused(
                f"its trees ask about {len(order):,} different sets of levels: their table would be too large",
                hint="train with fewer levels, or with max_cat_threshold lower, or encode the levels before the trees",
            )
        blocks.append(graph.cast(look_up(graph, columns, plan.n_texts), onnx.TensorProto.DOUBLE))
    return graph.concat(blocks), order


def _column(index: int, levels: tuple[str, ...], sets: list[frozenset[int]]) -> CategoryColumn:
    column = CategoryColumn(index, integer=False)
    column.codes |= {level: FIRST_LEVEL + code for code, level in enumerate(levels)}
    table = np.full((FIRST_LEVEL + len(levels), len(sets)), OUT, np.float32)
    table[UNSEEN], table[MISSING] = OUT, np.nan
    for position, codes in enumerate(sets):
        table[[FIRST_LEVEL + code for code in codes if code < len(levels)], position] = IN
    column.table = table
    return column


def thresholds_of(forest: Forest, questions: Questions, plan: Plan) -> dict[int, npt.NDArray[np.float64]]:
    """Return index in the numbers block → the values at which nodes decide."""
    asked = list(questions.numbers)
    found: dict[int, list[npt.NDArray[np.float64]]] = {}
    for question, values in forest.thresholds().items():
        if question >= 0:
            found.setdefault(plan.sources[asked[question][0]].index, []).append(values)
    return {index: np.unique(np.concatenate(values)) for index, values in found.items()}


def codes_of(texts: npt.NDArray[np.object_], levels: tuple[str, ...], *, missing: float, unseen: float) -> list[float]:
    """Return the codes by which libraries know the levels of a column."""
    code = {level: float(position) for position, level in enumerate(levels)} | {"": missing}
    return [code.get(text, unseen) for text in texts.tolist()]
