from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from tests.databases import DATABASES, empty_database

import scoreline.storage.migrations
from scoreline.core.errors import BadSetting, ScorelineError, Unavailable
from scoreline.storage.metadata import MetadataStore
from scoreline.storage.migrate import HEAD
from scoreline.storage.tables import metadata


@pytest.mark.parametrize("kind", DATABASES)
def test_a_new_database_has_the_tables_that_the_code_expects(kind: str, tmp_path: Path) -> None:
    with empty_database(kind, tmp_path) as url, create_engine(url).connect() as connection:
        MetadataStore(url).close()
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_the_newest_migration_is_the_one_that_open_looks_for() -> None:
    folder = str(Path(scoreline.storage.migrations.__file__).parent)
    assert ScriptDirectory(folder).get_heads() == [HEAD]


def test_an_up_to_date_database_opens_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'scoreline.db'}"
    MetadataStore(url).close()
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from scoreline.storage.metadata import MetadataStore\n"
        f"MetadataStore({url!r})\n"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_a_database_of_a_newer_scoreline_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'scoreline.db'}"
    MetadataStore(url).close()
    with create_engine(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match=r"newer Scoreline \(revision 9999; this one knows up to"):
        MetadataStore(url)


def test_a_file_that_is_no_database_is_an_error_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "scoreline.db").write_text("no database, just text that is long enough to look like a page\n" * 99)
    with pytest.raises(Unavailable, match=r"scoreline\.db cannot be used: file is not a database"):
        MetadataStore(f"sqlite:///{tmp_path / 'scoreline.db'}")


def test_a_folder_that_is_not_there_is_an_error_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="unable to open database file"):
        MetadataStore(f"sqlite:///{tmp_path / 'absent' / 'scoreline.db'}")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://host/name", "database 'mysql' is not supported"),
        ("sqlite://", "a database in memory keeps nothing"),
        ("sqlite:///:memory:", "a database in memory keeps nothing"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        MetadataStore(url)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(ScorelineError) as caught:  # nobody listens there, and the driver may be missing
        MetadataStore("postgresql://somebody:secret@127.0.0.1:1/name")
    assert "secret" not in str(caught.value)


def test_a_new_database_is_its_owners_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = MetadataStore(f"sqlite:///{tmp_path / 'scoreline.db'}")
        with store.writing() as records:
            records.count_change()
            assert {path.name: stat.filemode(path.stat().st_mode) for path in tmp_path.iterdir()} == {
                "scoreline.db": "-rw-------",
                "scoreline.db-wal": "-rw-------",
                "scoreline.db-shm": "-rw-------",
            }
    finally:
        os.umask(before)
    store.close()


def test_a_database_of_before_it_held_secrets_becomes_its_owners_only(tmp_path: Path) -> None:
    file = tmp_path / "scoreline.db"
    file.touch(0o644)
    MetadataStore(f"sqlite:///{file}").close()
    assert stat.filemode(file.stat().st_mode) == "-rw-------"
