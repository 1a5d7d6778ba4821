"""Free text: tokens counted for trees, TF-IDF for linear learners.

ONNX has no operator for regular expressions or case folding that runs everywhere, so the vocabulary is a table from
the tokens as they are written ("Free", "FREE!") to what they count as ("free"): those seen in training, and common
spellings of them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from scipy import sparse

from scoreline.automl.graph import TEXTS, GraphWriter
from scoreline.automl.problem import Problem
from scoreline.scoring.rows import Rows

MOST_TERMS = 3000
MOST_COUNTED = 200
"""Terms that trees get as columns: those that tell most about the target."""
FEWEST_TEXTS = 2
"""Texts a term must occur in."""
MOST_SPELLINGS = 60_000
DELIMITERS = "\n\t,./-"
"""Besides the space: split at those that occur in at least 1 % of the training texts."""
PUNCTUATION = "!?;:\"'()[]{}<>*&#=~_|`…“”‘’.,"
MOST_WORDS, MOST_PARTS = 1_000, 8
"""Words of a text, and parts of a word at each further delimiter, that are told apart; the rest counts as one token.

The graph pads every text to the most words, and every word to the most parts, of any in the batch: without a limit one
text of a thousand commas and a thousand dots would ask for a million tokens of every word.
"""
SENTINEL = "\x1f"
"""Begins every text in the graph, so that an empty batch of tokens never arises."""


class Vocabulary:
    """Terms of one text column: token as written → term number."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.delimiters = ""
        self.n_terms = 0
        self.numbers: dict[str, int] = {}

    def fit(self, rows: Rows) -> Vocabulary:
        texts = rows.texts[:, self.index].tolist()
        often = max(1, len(texts) // 100)
        self.delimiters = "".join(d for d in DELIMITERS if sum(d in text for text in texts) >= often)
        spellings: Counter[str] = Counter()
        in_texts: Counter[str] = Counter()
        for text in texts:
            tokens = set(self.tokens(text))
            spellings.update(tokens)
            in_texts.update({_term(token) for token in tokens})
        ranked = sorted((-n, term) for term, n in in_texts.items() if n >= FEWEST_TEXTS)[:MOST_TERMS]
        terms = {term: number for number, (_, term) in enumerate(ranked)}
        seen = (token for token, _ in sorted(spellings.items(), key=lambda pair: (-pair[1], pair[0])))
        spelled = {token: terms[_term(token)] for token in seen if _term(token) in terms}
        common = {spelling: number for term, number in terms.items() for spelling in _spellings(term)}
        self.numbers = dict(list((common | spelled).items())[:MOST_SPELLINGS])
        self.n_terms = len(terms)
        return self

    def tokens(self, text: str) -> list[str]:
        pieces = text.split(" ", MOST_WORDS)
        for delimiter in self.delimiters:
            pieces = [part for piece in pieces for part in piece.split(delimiter, MOST_PARTS)]
        return [piece for piece in pieces if piece not in ("", SENTINEL)]

    def count(self, rows: Rows) -> tuple[Any, NDArray[np.float32]]:
        """Count: [n, n_terms] as CSR, and [n, 2]: how many tokens there are, how many of them are unknown."""
        get = self.numbers.get
        columns: list[int] = []
        ends, totals = [0], np.zeros((len(rows), 2), np.float32)
        for row, text in enumerate(rows.texts[:, self.index].tolist()):
            tokens = self.tokens(text)
            known = [number for number in map(get, tokens) if number is not None]
            columns += known
            ends.append(len(columns))
            totals[row] = len(tokens), len(tokens) - len(known)
        counts = sparse.csr_matrix((np.ones(len(columns), np.float32), columns, ends), (len(rows), self.n_terms))
        counts.sum_duplicates()
        return counts, totals

    def to_onnx(self, graph: GraphWriter, columns: NDArray[np.int64]) -> str:
        """Write the counts: float32 [n, columns.max() + 1].

        ``columns`` says which column each term is counted in, then the unknown token, then the sentinel.
        """
        texts = graph.node("Gather", TEXTS, graph.constant(np.array(self.index)), axis=1)
        texts = graph.node("StringConcat", graph.constant([SENTINEL + " "]), texts)
        # Between two delimiters only what is no padding is carried on, with the row it belongs to.
        tokens, rows = _split(graph, texts, " ", MOST_WORDS + 1)
        for delimiter in self.delimiters:
            tokens, words = _split(graph, tokens, delimiter, MOST_PARTS)
            rows = graph.node("Gather", rows, words)
        numbers = self.numbers | {SENTINEL: self.n_terms + 1}
        term = graph.node(
            "LabelEncoder",
            tokens,
            domain="ai.onnx.ml",
            keys_strings=list(numbers),
            values_int64s=list(numbers.values()),
            default_int64=self.n_terms,
        )
        width = int(columns.max()) + 1
        first = graph.node("Mul", rows, graph.constant(np.array(width)))
        cells = graph.node("Add", first, graph.node("Gather", graph.constant(columns), term))
        n_rows = graph.node("Shape", TEXTS, start=0, end=1)
        zeros = graph.node("ConstantOfShape", graph.node("Mul", n_rows, graph.constant(np.array([width]))))
        one = helper.make_tensor("one", onnx.TensorProto.FLOAT, [1], [1.0])
        ones = graph.node("ConstantOfShape", graph.node("Shape", cells), value=one)
        counts = graph.node("ScatterElements", zeros, cells, ones, axis=0, reduction="add")
        return graph.node("Reshape", counts, graph.constant(np.array([-1, width])))


def _split(graph: GraphWriter, texts: str, delimiter: str, most: int) -> tuple[str, str]:
    """Split [n] texts: [m] pieces that are not empty, and for each the number [m] of its text."""
    pieces = graph.nodes("StringSplit", texts, n_outputs=2, delimiter=delimiter, maxsplit=most)[0]
    where = graph.node("NonZero", graph.node("Not", graph.node("Equal", pieces, graph.constant([""]))))
    whole = graph.node("GatherND", pieces, graph.node("Transpose", where))
    return whole, graph.node("Gather", where, graph.constant(np.array(0)))


def _term(token: str) -> str:
    lower = token.lower()
    return lower.strip(PUNCTUATION) or lower


def _spellings(term: str) -> list[str]:
    cases = (term, term.title(), term.upper())
    return [case + end for end in ("", ".", ",", "!", "?") for case in cases]


def _vocabularies(problem: Problem) -> list[Vocabulary]:
    return [Vocabulary(i) for i, column in enumerate(problem.schema.texts) if column.type == "text"]


class TextCounts:
    """Whole numbers: counts of the terms that tell most about the target, of tokens and of unknown tokens."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._vocabularies = _vocabularies(problem)
        self._terms: list[NDArray[np.int64]] = []

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> NDArray[np.float32]:
        self._terms = [
            _most_telling(vocabulary.fit(rows).count(rows)[0], y, self._problem) for vocabulary in self._vocabularies
        ]
        return self.transform(rows)

    def transform(self, rows: Rows) -> NDArray[np.float32]:
        blocks: list[NDArray[np.float32]] = [np.zeros((len(rows), 0), np.float32)]
        for vocabulary, terms in zip(self._vocabularies, self._terms, strict=True):
            counts, totals = vocabulary.count(rows)
            blocks += [counts[:, terms].toarray(), totals]
        return np.hstack(blocks)

    def to_onnx(self, graph: GraphWriter) -> str:
        blocks = []
        for vocabulary, terms in zip(self._vocabularies, self._terms, strict=True):
            other, unknown, sentinel = len(terms), len(terms) + 1, len(terms) + 2
            columns = np.full(vocabulary.n_terms + 2, other)
            columns[terms] = np.arange(len(terms))
            columns[-2:] = unknown, sentinel
            counts = vocabulary.to_onnx(graph, columns)
            tokens = _columns(graph, counts, 0, sentinel)
            # Exact, whatever the order of the sum: counts are small whole numbers.
            total = graph.node("ReduceSum", tokens, graph.constant(np.array([1])), keepdims=1)
            blocks += [_columns(graph, counts, 0, other)] if len(terms) else []
            blocks += [total, _columns(graph, counts, unknown, sentinel)]
        return graph.concat(blocks)


class TfIdf:
    """Sublinear term frequency by inverse document frequency, each row of length 1: sparse."""

    def __init__(self, problem: Problem) -> None:
        self._vocabularies = _vocabularies(problem)
        self._weights: list[NDArray[np.float32]] = []

    def fit_transform(self, rows: Rows, y: NDArray[Any]) -> Any:
        self._weights = []
        for vocabulary in self._vocabularies:
            counts, _ = vocabulary.fit(rows).count(rows)
            in_texts = np.diff(counts.tocsc().indptr)
            self._weights.append((np.log((1 + len(rows)) / (1 + in_texts)) + 1).astype(np.float32))
        return self.transform(rows)

    def transform(self, rows: Rows) -> Any:
        blocks = [sparse.csr_matrix((len(rows), 0), dtype=np.float32)] if self._vocabularies else []
        for vocabulary, weights in zip(self._vocabularies, self._weights, strict=True):
            block, _ = vocabulary.count(rows)
            block.data = np.log1p(block.data)
            block = block.multiply(weights).tocsr()
            length = np.sqrt(np.asarray(block.multiply(block).sum(axis=1)))
            blocks.append(sparse.csr_matrix(block.multiply(1 / np.maximum(length, 1e-9)), dtype=np.float32))
        return sparse.hstack(blocks, format="csr") if blocks else np.zeros((len(rows), 0), np.float32)

    def to_onnx(self, graph: GraphWriter) -> str:
        blocks = []
        for vocabulary, weights in zip(self._vocabularies, self._weights, strict=True):
            n_terms = vocabulary.n_terms
            if not n_terms:
                continue
            columns = np.minimum(np.arange(n_terms + 2), n_terms)
            counts = _columns(graph, vocabulary.to_onnx(graph, columns), 0, n_terms)
            frequency = graph.node("Log", graph.node("Add", counts, graph.constant(np.ones(1, np.float32))))
            block = graph.node("Mul", frequency, graph.constant(weights))
            # A product with ones, not ReduceL2: ONNX Runtime's reductions round differently for one row and for many.
            ones = graph.constant(np.ones((n_terms, 1), np.float32))
            length = graph.node("Sqrt", graph.node("MatMul", graph.node("Mul", block, block), ones))
            blocks.append(
                graph.node("Div", block, graph.node("Max", length, graph.constant(np.full(1, 1e-9, np.float32))))
            )
        return graph.concat(blocks)


def _most_telling(counts: Any, y: NDArray[Any], problem: Problem) -> NDArray[np.int64]:
    """Numbers of the terms whose presence tells most about the target, ascending."""
    from sklearn.feature_selection import chi2, f_regression

    if counts.shape[1] <= MOST_COUNTED:
        return np.arange(counts.shape[1])
    present = counts.copy()
    present.data = np.ones_like(present.data)
    scores, _ = (f_regression if problem.task == "regression" else chi2)(present, y)
    return np.sort(np.argsort(-np.nan_to_num(scores), kind="stable")[:MOST_COUNTED])


def _columns(graph: GraphWriter, matrix: str, start: int, end: int) -> str:
    bounds = (graph.constant(np.array([value])) for value in (start, end, 1))
    return graph.node("Slice", matrix, *bounds)
