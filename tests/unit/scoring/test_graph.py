import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from scoreline.scoring.graph import CHUNK_ROWS, Graph
from scoreline.scoring.rows import Rows


def forest(n_trees=200, depth=5, n_numbers=7, n_texts=13, seed=0):
    """Texts through one LabelEncoder and a table, numbers cast, all of it into trees: the shape that an export has."""
    rng = np.random.default_rng(seed)
    levels = [f"level {i}" for i in range(30)]
    branch = ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")
    trees = {name: [] for name in (*branch, "missing_value_tracks_true")}
    leaves = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(n_trees):
        for node in range(2 ** (depth + 1) - 1):
            leaf = node >= 2**depth - 1
            trees["treeids"].append(tree)
            trees["nodeids"].append(node)
            trees["featureids"].append(0 if leaf else int(rng.integers(n_numbers + n_texts)))
            trees["modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            trees["values"].append(0.0 if leaf else float(rng.normal()))
            trees["truenodeids"].append(0 if leaf else 2 * node + 1)
            trees["falsenodeids"].append(0 if leaf else 2 * node + 2)
            trees["missing_value_tracks_true"].append(int(rng.integers(2)))
            if leaf:
                for name, value in (("treeids", tree), ("nodeids", node), ("ids", 0), ("weights", float(rng.normal()))):
                    leaves[name].append(value)
    attributes = {f"nodes_{name}": value for name, value in trees.items()}
    attributes |= {f"target_{name}": value for name, value in leaves.items()}
    table = rng.normal(size=n_texts * 31).astype(np.float32)
    nodes = [
        helper.make_node(
            "LabelEncoder",
            ["texts"],
            ["codes"],
            domain="ai.onnx.ml",
            keys_strings=levels,
            values_int64s=list(range(1, 31)),
            default_int64=0,
        ),
        helper.make_node("Add", ["codes", "offsets"], ["places"]),
        helper.make_node("Gather", ["table", "places"], ["encoded"]),
        helper.make_node("Cast", ["numbers"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["cast", "encoded"], ["features"], axis=1),
        helper.make_node(
            "TreeEnsembleRegressor", ["features"], ["raw"], domain="ai.onnx.ml", n_targets=1, **attributes
        ),
        helper.make_node("Mul", ["raw", "signs"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["probability"]),
    ]
    constants = [
        numpy_helper.from_array(31 * np.arange(n_texts)[None, :], "offsets"),
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([[-1, 1]], np.float32), "signs"),
    ]
    graph = helper.make_graph(
        nodes,
        "forest",
        [
            helper.make_tensor_value_info("numbers", TensorProto.DOUBLE, [None, n_numbers]),
            helper.make_tensor_value_info("texts", TensorProto.STRING, [None, n_texts]),
        ],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 2])],
        constants,
    )
    opsets = [helper.make_opsetid("", 19), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def some_rows(n, seed=1):
    rng = np.random.default_rng(seed)
    numbers = np.where(rng.random((n, 7)) < 0.1, np.nan, rng.normal(size=(n, 7)))
    texts = np.array([f"level {i}" for i in range(40)], dtype=object)[rng.integers(0, 40, (n, 13))]
    return Rows(numbers, texts)


@pytest.fixture(scope="module")
def onnx_bytes():
    return forest()


def test_a_row_scores_the_same_bits_alone_and_among_others(onnx_bytes):
    graph, rows = Graph(onnx_bytes), some_rows(300)
    alone = np.concatenate([graph.run(rows[i : i + 1]) for i in range(300)])
    for n in (2, 3, 17, 64, 300):
        together = np.concatenate([graph.run(rows[i : i + n]) for i in range(0, 300, n)])
        assert together.tobytes() == alone.tobytes()


def test_threads_change_no_bit(onnx_bytes):
    rows = some_rows(3 * CHUNK_ROWS + 5)
    one, three = Graph(onnx_bytes).run(rows), Graph(onnx_bytes, threads=3).run(rows)
    assert one.tobytes() == three.tobytes()
    assert one[-1:].tobytes() == Graph(onnx_bytes).run(rows[len(rows) - 1 :]).tobytes()


def test_no_rows_give_no_scores_of_the_right_width(onnx_bytes):
    found = Graph(onnx_bytes).run(some_rows(0))
    assert found.shape == (0, 2)
    assert found.dtype == np.float32


def test_a_graph_knows_its_widths(onnx_bytes):
    graph = Graph(onnx_bytes)
    assert (graph.n_numbers, graph.n_texts, graph.width, graph.answer) == (7, 13, 2, "probability")
