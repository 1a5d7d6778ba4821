"""Several processes on one home, and processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.artifacts import tiny_artifact

from scoreline.registry import Registry
from scoreline.scoring.pipeline import load
from scoreline.storage.artifacts import LocalArtifacts
from scoreline.storage.metadata import MetadataStore

OPEN = """
import os, signal, sys
from pathlib import Path
from scoreline.registry import Registry
from scoreline.storage.artifacts import LocalArtifacts
from scoreline.storage.metadata import MetadataStore

home = Path(sys.argv[1])
def open_registry():
    return Registry(MetadataStore(f"sqlite:///{home / 'scoreline.db'}"), LocalArtifacts(home / "artifacts"))
def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def start(home: Path, code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a process that runs ``code`` beside an `open_registry` for ``home``."""
    return subprocess.Popen(
        [sys.executable, "-c", OPEN + textwrap.dedent(code), str(home), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        text=True,
    )


def reopen(home: Path) -> Registry:
    return Registry(MetadataStore(f"sqlite:///{home / 'scoreline.db'}"), LocalArtifacts(home / "artifacts"))


def write_files(folder: Path, n: int) -> None:
    folder.mkdir()
    for number in range(1, n + 1):
        tiny_artifact(folder / f"{number}.scoreline", weight=number / 10_000)


def test_processes_that_open_a_new_home_together_register_without_gaps(tmp_path: Path) -> None:
    for who in ("a", "b", "c"):
        write_files(tmp_path / who, 4)
        for number in range(1, 5):
            tiny_artifact(tmp_path / who / f"{number}.scoreline", weight=ord(who) + number / 10)
    processes = [
        start(
            tmp_path,
            """
            registry = open_registry()
            for path in sorted(Path(sys.argv[2]).iterdir()):
                registry.register(path, "credit", promote=True)
            """,
            tmp_path / who,
        )
        for who in ("a", "b", "c")
    ]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    registry = reopen(tmp_path)
    assert [version.number for version in registry.versions("credit")] == list(range(12, 0, -1))
    assert [change.version for change in registry.history("credit")] == list(range(12, 0, -1))


def test_a_reader_sees_whole_changes_while_another_process_promotes(tmp_path: Path) -> None:
    write_files(tmp_path / "files", 2)
    registry = reopen(tmp_path)
    for path in sorted((tmp_path / "files").iterdir()):
        registry.register(path, "credit")
    registry.deploy("live", "credit")
    digests = {version.number: version.digest for version in registry.versions("credit")}
    process = start(
        tmp_path,
        """
        registry = open_registry()
        for turn in range(100):
            registry.promote("credit", 2 - turn % 2)
        """,
    )
    seen = set()
    counter = registry.change_counter()
    while process.poll() is None:
        deployment = registry.deployment("live")
        assert deployment.digest == digests[deployment.version]
        seen.add(deployment.version)
        now = registry.change_counter()
        assert now >= counter
        counter = now
    assert process.wait() == 0
    assert seen == {1, 2}
    assert registry.change_counter() > 100 - 1


def test_a_process_killed_at_any_moment_loses_nothing_it_said_and_breaks_nothing(tmp_path: Path) -> None:
    write_files(tmp_path / "files", 40)
    for n_said in (1, 3, 7):
        process = start(
            tmp_path,
            """
            registry = open_registry()
            for number in range(int(sys.argv[3]) + 1, 41):
                version = registry.register(Path(sys.argv[2]) / f"{number}.scoreline", "credit", promote=True)
                print(version.number, flush=True)
            """,
            tmp_path / "files",
            len(reopen(tmp_path).versions("credit")) if reopen(tmp_path).models() else 0,
        )
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(n_said)]
        process.kill()
        said += [int(line) for line in process.stdout.read().splitlines()]
        process.wait()
        registry = reopen(tmp_path)
        numbers = [version.number for version in registry.versions("credit")]
        assert numbers == list(range(len(numbers), 0, -1))
        assert set(said) <= set(numbers)
        assert registry.resolve("credit").number == numbers[0]
        for version in registry.versions("credit"):
            assert load(registry.artifact(version.digest)).manifest.id == version.digest


def test_a_process_killed_between_the_file_and_its_version_leaves_a_file_that_is_tolerated(tmp_path: Path) -> None:
    write_files(tmp_path / "files", 1)
    file = tmp_path / "files" / "1.scoreline"
    process = start(
        tmp_path,
        """
        class Killed(MetadataStore):
            writing = kill
        open_registry()
        store = Killed(f"sqlite:///{home / 'scoreline.db'}")
        Registry(store, LocalArtifacts(home / "artifacts")).register(sys.argv[2], "credit")
        """,
        file,
    )
    assert process.wait(60) == -signal.SIGKILL
    assert len(list(LocalArtifacts(tmp_path / "artifacts").digests())) == 1
    registry = reopen(tmp_path)
    assert registry.models() == []
    assert registry.register(file, "credit").number == 1
    assert len(list(LocalArtifacts(tmp_path / "artifacts").digests())) == 1


def test_a_process_killed_while_it_writes_the_file_leaves_no_half_of_it(tmp_path: Path) -> None:
    write_files(tmp_path / "files", 1)
    file = tmp_path / "files" / "1.scoreline"
    process = start(
        tmp_path,
        """
        registry = open_registry()
        os.fsync = kill
        registry.register(sys.argv[2], "credit")
        """,
        file,
    )
    assert process.wait(60) == -signal.SIGKILL
    assert list(LocalArtifacts(tmp_path / "artifacts").digests()) == []
    registry = reopen(tmp_path)
    assert registry.models() == []
    version = registry.register(file, "credit")
    assert registry.artifact(version.digest).read_bytes() == file.read_bytes()


def test_a_process_killed_in_the_middle_of_a_migration_leaves_an_empty_database(tmp_path: Path) -> None:
    process = start(
        tmp_path,
        """
        from alembic.operations import Operations
        Operations.create_index = kill
        open_registry()
        """,
    )
    assert process.wait(60) == -signal.SIGKILL
    assert reopen(tmp_path).models() == []
