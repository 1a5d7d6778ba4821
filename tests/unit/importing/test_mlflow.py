"""What MLflow writes beside a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoreline.core.errors import ModelRefused
from scoreline.importing.finding import find_model
from scoreline.importing.mlflow import read_mlflow

LOGGED = """
artifact_path: model
flavors:
  python_function: {data: model.txt, loader_module: mlflow.lightgbm, python_version: 3.11.7}
  lightgbm: {data: model.txt, lgb_version: 4.6.0, model_class: lightgbm.basic.Booster}
saved_input_example_info: {artifact_path: input_example.json, type: dataframe, pandas_orient: split}
signature:
  inputs: '[{"type": "double", "name": "age", "required": true}, {"type": "string", "name": "zip"},
            {"type": "boolean", "name": "own"}]'
  outputs: '[{"type": "double", "name": "risk", "required": true}]'
"""


def folder(tmp_path: Path, description: str, **files: bytes) -> Path:
    (tmp_path / "MLmodel").write_text(description)
    for name, content in files.items():
        (tmp_path / name.replace("_at_", ".")).write_bytes(content)
    return tmp_path


def test_flavour_signature_and_example_are_read(tmp_path: Path) -> None:
    example = b'{"columns": ["age", "zip", "own"], "data": [[30, "01234", true], [40, "2", false]]}'
    found = read_mlflow(folder(tmp_path, LOGGED, model_at_txt=b"tree\nversion=v4\n", input_example_at_json=example))
    assert (found.path.name, found.flavour, found.target) == ("model.txt", "lightgbm", "risk")
    assert found.columns == ("age", "zip", "own")
    assert dict(found.types) == {"age": "number", "zip": "category", "own": "boolean"}
    assert found.example is not None
    assert found.example["zip"].to_list() == ["01234", "2"]
    assert find_model(tmp_path, tmp_path / "none", pickles=False).within == "MLflow"


def test_a_flavour_that_is_a_pickle_is_refused_with_the_way_out(tmp_path: Path) -> None:
    description = "flavors: {sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}}"
    with pytest.raises(ModelRefused, match=r"sklearn.*the pickle model\.pkl.*serialization_format='skops'"):
        find_model(folder(tmp_path, description, model_at_pkl=b"\x80\x05]."), tmp_path / "none", pickles=False)


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ("flavors: {python_function: {}, spark: {}}", "python_function, spark, of which none"),
        ("flavors: {onnx: {data: ../model.onnx}}", "not in its folder"),
        ("flavors: {onnx: {data: absent.onnx}}", "not in its folder"),
        ("a: !!python/object/apply:os.system ['id']", "could not determine a constructor"),
        ("[" * 5000, "cannot be read"),
        ("- 1", "flavours none"),
    ],
)
def test_a_description_that_cannot_be_followed_is_refused(description: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=told):
        read_mlflow(folder(tmp_path, description))
