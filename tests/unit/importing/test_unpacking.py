"""Archives of strangers."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from scoreline.core.errors import ModelRefused
from scoreline.importing import unpacking
from scoreline.importing.unpacking import unpack


def tar(path: Path, *members: tuple[str, bytes], links: tuple[str, ...] = ()) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(entry)
    return path


def into(tmp_path: Path) -> Path:
    folder = tmp_path / "unpacked"
    folder.mkdir(exist_ok=True)
    return folder


def test_the_only_file_or_the_folder_of_mlflow_is_the_model(tmp_path: Path) -> None:
    found = unpack(tar(tmp_path / "a.tar.gz", ("deep/model.txt", b"tree")), into(tmp_path))
    assert found.read_bytes() == b"tree"
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("m/MLmodel", "flavors: {}")
        archive.writestr("m/model.onnx", b"\x08")
    assert (unpack(tmp_path / "b.zip", into(tmp_path)) / "MLmodel").is_file()


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "C:/x", "..\\x", "/".join("abcdefghijklmn")])
def test_a_path_that_leads_out_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="leads out"):
        unpack(tar(tmp_path / "a.tar.gz", (name, b"x")), into(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz", "unpacked"] or not (tmp_path / "x").exists()


def test_links_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="a link"):
        unpack(tar(tmp_path / "a.tar.gz", links=("model.onnx",)), into(tmp_path))
    link = zipfile.ZipInfo("model.onnx")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ModelRefused, match="a link"):
        unpack(tmp_path / "b.zip", into(tmp_path))


def test_archives_that_grow_are_refused_before_they_have_grown(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_BYTES", 1_000_000)
    with pytest.raises(ModelRefused, match="more than 1,000,000 bytes"):
        unpack(tar(tmp_path / "a.tar.gz", ("zeros", bytes(3_000_000))), into(tmp_path))
    monkeypatch.setattr(unpacking, "MOST_FILES", 3)
    with pytest.raises(ModelRefused, match="more than 3 files"):
        unpack(tar(tmp_path / "b.tar.gz", *((f"f{i}", b"") for i in range(4))), into(tmp_path))


def test_what_is_damaged_or_not_clear_is_refused(tmp_path: Path) -> None:
    whole = tar(tmp_path / "a.tar.gz", ("one", b"1"), ("two", b"2"))
    with pytest.raises(ModelRefused, match="which is the model is not clear"):
        unpack(whole, into(tmp_path))
    (tmp_path / "cut.tar.gz").write_bytes(whole.read_bytes()[:40])
    with pytest.raises(ModelRefused, match="damaged"):
        unpack(tmp_path / "cut.tar.gz", into(tmp_path))
