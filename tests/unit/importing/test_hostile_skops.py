"""Files of skops that mean harm: refused, whatever they name and however they are packed."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from scoreline.core.errors import ModelRefused
from scoreline.importing.originals import skops as reading
from scoreline.importing.originals.skops import FITTED_STATE, open_skops
from scoreline.importing.process import OriginalProcess


def text(value: str) -> dict[str, Any]:
    return {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": json.dumps(value)}


def several(loader: str, *values: dict[str, Any]) -> dict[str, Any]:
    kind = {"TupleNode": "tuple", "ListNode": "list"}[loader]
    return {"__class__": kind, "__module__": "builtins", "__loader__": loader, "content": list(values)}


def node(name: str, loader: str, **more: Any) -> dict[str, Any]:
    module, _, kind = name.rpartition(".")
    return {"__class__": kind, "__module__": module, "__loader__": loader, **more}


def packed(path: Path, schema: dict[str, Any], protocol: int = 2, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", json.dumps(schema | {"protocol": protocol, "_skops_version": "0.15"}))
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return path


def harm(path: Path) -> list[dict[str, Any]]:
    """Ways to run something, or to open a file, with names that no one trusts."""
    command = several("TupleNode", text(f"touch {path}"))
    system = node("posix.system", "TypeNode")
    nothing = node("builtins.dict", "DictNode", key_types=several("ListNode"), content={})
    return [
        system,
        node("posix.system", "FunctionNode"),
        node("posix.system", "FunctionNode", content={"module_path": "posix", "function": "system"}),
        node("posix.system", "ConstructorFromReduceNode", content=command),
        node("posix.system", "ObjectNode", content=command),
        node("posix.system", "ListNode", content=[text(f"touch {path}")]),
        node("builtins.eval", "SetNode", content=[text(f"open({str(path)!r}, 'w')")]),
        node("builtins.open", "TupleNode", content=[text(str(path)), text("w")]),
        node("operator.methodcaller", "OperatorFuncNode", attrs=several("TupleNode", text("touch"))),
        node(
            "functools.partial",
            "PartialNode",
            content={"func": system, "args": command, "kwds": nothing, "namespace": nothing},
        ),
        node("pathlib.Path", "MethodNode", content={"obj": node("pathlib.Path", "ObjectNode"), "func": "touch"}),
        node("sklearn.tree._tree.Tree", "ReduceNode", content=nothing, __reduce__={"args": command}),
        node(
            "numpy.random._generator.Generator",
            "RandomGeneratorNode",
            content={"bit_generator": {"bit_generator": "seed"}},
        ),
        node("numpy.ndarray", "NdArrayNode", type="numpy", file="../../etc/passwd"),
        node("no.such.module", "NoSuchNode"),
    ]


@pytest.mark.parametrize("protocol", [0, 1, 2])
@pytest.mark.parametrize("which", range(15))
def test_what_nobody_trusts_is_neither_run_nor_opened(tmp_path: Path, which: int, protocol: int) -> None:
    touched = tmp_path / "touched"
    file = packed(tmp_path / "model.skops", harm(touched)[which], protocol)
    with pytest.raises((ModelRefused, TypeError, ValueError, KeyError, AttributeError)):
        open_skops(file, ())
    hidden = several("ListNode", node("sklearn.pipeline.Pipeline", "ObjectNode", content=harm(touched)[which]))
    with pytest.raises((ModelRefused, TypeError, ValueError, KeyError, AttributeError)):
        open_skops(packed(tmp_path / "hidden.skops", hidden, protocol), ())
    assert not touched.exists()


def test_the_same_file_does_harm_once_its_type_is_trusted(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    file = packed(tmp_path / "model.skops", harm(touched)[3])
    with pytest.raises(ModelRefused, match="does not trust"):
        open_skops(file, ())
    with pytest.raises(ModelRefused, match="predicts nothing"):
        open_skops(file, ("posix.system",))
    assert touched.exists(), "so it is the trust that the files above are refused for"


@pytest.mark.parametrize("loader", ["ConstructorFromReduceNode", "ListNode", "SetNode", "TupleNode", "NdArrayNode"])
@pytest.mark.parametrize("name", sorted(FITTED_STATE))
def test_a_trusted_type_is_not_called_with_what_a_file_says(tmp_path: Path, name: str, loader: str) -> None:
    arguments = several("TupleNode", text("/etc/passwd"))
    file = packed(tmp_path / "model.skops", node(name, loader, content=arguments, type="numpy", file="a.npy"))
    with pytest.raises(ModelRefused, match="which skops does not write"):
        open_skops(file, ())


def test_arrays_that_hold_objects_are_not_unpickled(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.save(content, np.array([{"a": 1}], object), allow_pickle=True)
    array = node("numpy.ndarray", "NdArrayNode", type="numpy", file="a.npy")
    with pytest.raises(ValueError, match="allow_pickle=False"):
        open_skops(packed(tmp_path / "model.skops", array, a__npy=content.getvalue()), ())


@pytest.mark.parametrize("what", ["filename", "file"])
def test_a_model_that_reads_files_whose_names_are_in_rows_is_refused(tmp_path: Path, what: str) -> None:
    words = CountVectorizer()
    model = make_pipeline(words, LogisticRegression()).fit(["good day", "bad day"], [1, 0])
    words.input = what
    skops.io.dump(model, tmp_path / "model.skops")
    with pytest.raises(ModelRefused, match="reads the files"):
        open_skops(tmp_path / "model.skops", ())


def test_a_file_that_unpacks_to_more_than_a_model_has_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1 << 20)
    bomb = packed(tmp_path / "model.skops", several("ListNode"), a__npy=bytes(2 << 20))
    assert bomb.stat().st_size < 1 << 14
    with pytest.raises(ModelRefused, match="more than a model has"):
        open_skops(bomb, ())
    monkeypatch.setattr(reading, "LARGEST_SCHEMA_BYTES", 1 << 10)
    with pytest.raises(ModelRefused, match="more than a model has"):
        open_skops(packed(tmp_path / "large.skops", text("x" * (1 << 11))), ())


def test_the_process_of_an_import_outlives_what_it_refuses(tmp_path: Path) -> None:
    deep: Any = text("x")
    for _ in range(400):
        deep = several("ListNode", deep)
    circle = several("ListNode", {**several("ListNode"), "__id__": 1, "__loader__": "CachedNode"})
    with OriginalProcess() as original:
        for number, schema in enumerate((deep, circle, {}, node("posix.system", "TypeNode"))):
            with pytest.raises(ModelRefused):
                original.open(packed(tmp_path / f"{number}.skops", schema), "skops")
        (tmp_path / "cut.skops").write_bytes((tmp_path / "0.skops").read_bytes()[:-30])
        with pytest.raises(ModelRefused):
            original.open(tmp_path / "cut.skops", "skops")
