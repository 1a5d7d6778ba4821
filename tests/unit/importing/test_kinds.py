"""What a file is, told by its bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import pickle
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from scoreline.core.errors import ModelRefused, NotFound
from scoreline.importing.conversion import Wishes, convert
from scoreline.importing.kinds import kind_of


def test_a_file_is_what_its_bytes_say_and_not_its_name(tmp_path: Path) -> None:
    content = {
        "lightgbm": b"tree\nversion=v4\n",
        "xgboost": b'{"learner":{"attributes":{}}}',
        "pickle": pickle.dumps([1]),
        "onnx": b"\x08\x09\x12\x07pytorch",
    }
    for kind, head in content.items():
        path = tmp_path / "model.bin"
        path.write_bytes(head)
        assert kind_of(path) == kind


@pytest.mark.parametrize("name", ["model.pkl", "model.onnx", "model.txt", "model.skops"])
@pytest.mark.parametrize("packed", [bytes, zlib.compress, gzip.compress, bz2.compress])
def test_a_pickle_is_refused_whatever_its_name_and_packing_with_the_ways_that_are_open(packed, name, tmp_path) -> None:
    path = tmp_path / name
    for protocol in range(6):
        path.write_bytes(packed(pickle.dumps({"a": [1.5]}, protocol=protocol)))
        with pytest.raises(ModelRefused, match=r"is a pickle.*skops\.io\.dump.*ONNX.*Booster\.save_model"):
            convert(path, None, Wishes("m"))


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_a_pickle_within_an_archive_is_refused_as_well(form: str, tmp_path: Path) -> None:
    content = pickle.dumps({"a": 1})
    path = tmp_path / f"model.{form}"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("scikit_model.onnx", content)
    else:
        with tarfile.open(path, "w:gz") as archive:
            entry = tarfile.TarInfo("scikit_model.pkl")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    with pytest.raises(ModelRefused, match="is a pickle"):
        convert(path, None, Wishes("m"))


def test_what_nobody_knows_is_refused_with_the_ways_that_are_open(tmp_path: Path) -> None:
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(ModelRefused, match=r"neither ONNX.*skops\.io\.dump"):
        kind_of(tmp_path / "model.h5")
    with pytest.raises(ModelRefused, match="without a file MLmodel"):
        kind_of(tmp_path)
    with pytest.raises(NotFound, match="give the path"):
        kind_of(tmp_path / "absent")
