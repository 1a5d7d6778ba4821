import io
import json
import zipfile

import pytest
from tests.artifacts import tiny_artifact

from scoreline.scoring.archive import archive_bytes, content_id, read_archive, write_archive
from scoreline.scoring.container import pack


def test_what_is_written_is_read(tmp_path):
    written = tiny_artifact(tmp_path / "credit.scoreline")
    manifest, members = read_archive(tmp_path / "credit.scoreline")
    assert manifest == written
    assert list(members) == ["manifest.json", "pipeline.onnx", "sample.json"]
    assert manifest.members.keys() == {"pipeline.onnx", "sample.json"}
    assert manifest.size_bytes == len(members["pipeline.onnx"])
    assert read_archive((tmp_path / "credit.scoreline").read_bytes()) == (manifest, members)


def test_the_same_input_gives_the_same_bytes(tmp_path):
    tiny_artifact(tmp_path / "one.scoreline")
    tiny_artifact(tmp_path / "two.scoreline")
    assert (tmp_path / "one.scoreline").read_bytes() == (tmp_path / "two.scoreline").read_bytes()


def test_another_input_gives_another_id(tmp_path):
    ids = {
        tiny_artifact(tmp_path / "x.scoreline", **change).id
        for change in ({}, {"weight": 0.002}, {"name": "other"}, {"difference": 2e-8})
    }
    assert len(ids) == 4


def test_written_again_it_is_the_same_file(tmp_path):
    tiny_artifact(tmp_path / "credit.scoreline")
    manifest, members = read_archive(tmp_path / "credit.scoreline")
    del members["manifest.json"]
    assert archive_bytes(manifest, members)[1] == (tmp_path / "credit.scoreline").read_bytes()


def test_the_id_can_be_computed_by_anybody(tmp_path):
    manifest = tiny_artifact(tmp_path / "credit.scoreline")
    text = zipfile.ZipFile(tmp_path / "credit.scoreline").read("manifest.json").decode()
    assert content_id(json.loads(text)) == manifest.id
    assert text.count(f'"id":"{manifest.id}",') == 1


def test_any_zip_library_reads_it(tmp_path):
    tiny_artifact(tmp_path / "credit.scoreline")
    with zipfile.ZipFile(tmp_path / "credit.scoreline") as archive:
        assert archive.testzip() is None
        for member in archive.infolist():
            assert member.compress_type == zipfile.ZIP_STORED
            assert member.date_time == (1980, 1, 1, 0, 0, 0)
            assert member.external_attr >> 16 == 0o100644
            assert not member.is_dir()
            assert archive.read(member)


def test_the_layout_never_changes():
    """A file of today must be read by every later version: these bytes are a promise."""
    assert pack({"a": b"x"}).hex() == (
        "504b0304140000000000000021008316dc8c0100000001000000010000006178"
        "504b01021403140000000000000021008316dc8c0100000001000000010000000000"
        "000000000000a4810000000061"
        "504b050600000000010001002f000000200000000000"
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(pack({}))) as empty:
        assert empty.namelist() == []


def test_a_failed_write_leaves_neither_half_a_file_nor_a_changed_one(tmp_path, monkeypatch):
    path = tmp_path / "credit.scoreline"
    tiny_artifact(path)
    before = path.read_bytes()
    manifest, members = read_archive(path)
    del members["manifest.json"]

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_archive(path, manifest, members | {"report.md": b"# longer"})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
