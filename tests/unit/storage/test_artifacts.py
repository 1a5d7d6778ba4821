from __future__ import annotations

import os
from pathlib import Path

import pytest

from scoreline.core.errors import BadSetting, Unavailable
from scoreline.storage.artifacts import STALE_SECONDS, LocalArtifacts

DIGEST = "sha256:" + "0a" * 32


def test_nothing_but_the_content_lies_in_the_folder(tmp_path: Path) -> None:
    artifacts = LocalArtifacts(tmp_path)
    artifacts.put(DIGEST, b"content")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()] == [
        f"0a/{'0a' * 32}.scoreline"
    ]


def test_what_a_killed_process_left_is_cleared_once_it_is_old(tmp_path: Path) -> None:
    artifacts = LocalArtifacts(tmp_path)
    (tmp_path / "0a").mkdir()
    old, fresh = tmp_path / "0a" / ".old.part", tmp_path / "0a" / ".fresh.part"
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(old, (0, old.stat().st_mtime - 2 * STALE_SECONDS))
    artifacts.put(DIGEST, b"content")
    assert not old.exists()
    assert fresh.exists()
    assert list(artifacts.digests()) == [DIGEST]


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "sha256:../../x", "md5:" + "0" * 32, "sha256:" + "A" * 64, DIGEST + "\n"]
)
def test_a_key_that_is_no_digest_reaches_no_file(tmp_path: Path, digest: str) -> None:
    with pytest.raises(BadSetting, match="is not a digest"):
        LocalArtifacts(tmp_path).put(digest, b"content")


def test_a_folder_that_cannot_be_written_is_an_error_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="cannot write into"):
        LocalArtifacts(tmp_path / "file").put(DIGEST, b"content")
