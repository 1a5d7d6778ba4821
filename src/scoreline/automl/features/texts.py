"""Free text: tokens counted for trees, TF-IDF for linear learners.

ONNX has no operator for regular expressions or case folding that runs everywhere, so the vocabulary is a table from
the tokens as they are written ("Free", "FREE!") to what they count as ("free"): those seen in training, and common
spellings of them.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
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
UNKNOWN, NO_TOKEN = -1, -2
SENTINEL = "\x1f"
"""Ends every text in the graph, so that an empty batch of tokens never arises."""


class Vocabulary:
    """Terms of one text column: token as written → term number."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.delimiters = ""
        self.n_terms = 0
        self.numbers: dict[str, int] = {}
        self._split = re.compile(" ")

    def fit(self, rows: Rows) -> Vocabulary:
        texts = rows.texts[:, self.index].tolist()
        often = max(1, len(texts) // 100)
        self.delimiters = "".join(d for d in DELIMITERS if sum(d in text for text in texts) >= often)
        self._split = re.compile(f"[ {re.escape(self.delimiters)}]")
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
        return [token for token in self._split.split(text) if token]

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

    def to_onnx(self, graph: GraphWriter, width: int) -> str:
        """Term numbers int64 [n, longest]; negative where there is no known term."""
        column = graph.node("Gather", TEXTS, graph.constant(np.array(self.index)), axis=1)
        tokens = graph.node("StringConcat", column, graph.constant([" " + SENTINEL]))
        for delimiter in " " + self.delimiters:
            tokens = graph.nodes("StringSplit", tokens, n_outputs=2, delimiter=delimiter)[0]
        tokens = graph.node("Reshape", tokens, graph.constant(np.array([0, -1])))
        numbers = self.numbers | {"": NO_TOKEN, SENTINEL: NO_TOKEN}
        keys, values = list(numbers), list(numbers.values())
        return graph.node(
            "LabelEncoder", tokens, domain="ai.onnx.ml", keys_strings=keys, values_int64s=values, default_int64=UNKNOWN
        )


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
        self._width = len(problem.schema.texts)
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
            numbers = vocabulary.to_onnx(graph, self._width)
            if len(terms):
                blocks.append(_count(graph, numbers, terms))
            tokens = graph.node("Greater", numbers, graph.constant(np.array(NO_TOKEN)))
            unknown = graph.node("Equal", numbers, graph.constant(np.array(UNKNOWN)))
            blocks += [_total(graph, tokens), _total(graph, unknown)]
        return graph.concat(blocks)


class TfIdf:
    """Sublinear term frequency by inverse document frequency, each row of length 1: sparse."""

    def __init__(self, problem: Problem) -> None:
        self._width = len(problem.schema.texts)
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
            if not vocabulary.n_terms:
                continue
            counts = _count(graph, vocabulary.to_onnx(graph, self._width), np.arange(vocabulary.n_terms))
            frequency = graph.node("Log", graph.node("Add", counts, graph.constant(np.ones(1, np.float32))))
            block = graph.node("Mul", frequency, graph.constant(weights))
            # A product with ones, not ReduceL2: ONNX Runtime's reductions round differently for one row and for many.
            ones = graph.constant(np.ones((vocabulary.n_terms, 1), np.float32))
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


def _count(graph: GraphWriter, numbers: str, terms: NDArray[np.int64]) -> str:
    """Float32 [n, len(terms)]: how often each term number occurs in a row."""
    return graph.node(
        "TfIdfVectorizer",
        numbers,
        mode="TF",
        min_gram_length=1,
        max_gram_length=1,
        max_skip_count=0,
        ngram_counts=[0],
        ngram_indexes=list(range(len(terms))),
        pool_int64s=[int(term) for term in terms],
    )


def _total(graph: GraphWriter, true: str) -> str:
    """Float32 [n, 1]: how many are true. Exact, whatever the order of the sum: counts are small whole numbers."""
    ones = graph.cast(true, onnx.TensorProto.FLOAT)
    return graph.node("ReduceSum", ones, graph.constant(np.array([1])), keepdims=1)
