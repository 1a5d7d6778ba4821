"""The folder that the workers of a server share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from scoreline.web.seat import PREFIX, YOUNG_SECONDS, totals_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_is_there_as_long_as_the_server(temporary: Path) -> None:
    with totals_folder() as folder:
        assert folder is not None
        assert folder.parent == temporary
        (folder / "0.totals").write_bytes(b"x")
    assert list(temporary.iterdir()) == []


def test_a_server_clears_what_those_have_left_that_were_killed(temporary: Path) -> None:
    left = temporary / f"{PREFIX}left"
    left.mkdir()
    (left / "0.totals").write_bytes(b"x")
    with totals_folder() as living:
        assert living is not None
        assert left.exists()  # it may be the folder of a server that has just been started
        for folder in (left, living):
            os.utime(folder, (0, folder.stat().st_mtime - YOUNG_SECONDS))
        with totals_folder():
            assert not left.exists()
            assert living.exists()


def test_where_no_folder_can_be_made_the_server_goes_without(temporary: Path, caplog: pytest.LogCaptureFixture) -> None:
    temporary.rmdir()
    with totals_folder() as folder:
        assert folder is None
    assert "TMPDIR" in caplog.text
