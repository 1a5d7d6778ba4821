"""Pickles whose code an administrator allows to run, and what that code cannot do."""

from __future__ import annotations

import pickle
import socket
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import polars as pl
import pytest
from tests.imports import table

from scoreline.app.importing import import_model
from scoreline.app.settings import Settings, open_app
from scoreline.core.errors import BadSetting, ModelRefused
from scoreline.importing.conversion import Wishes, convert

ROWS = pl.DataFrame({"a": [1.0]})


class Runs:
    """Unpickles as whatever ``eval`` makes of a text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, (self.text,)


def told_by(text: str, tmp_path: Path) -> str:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Runs(text)))
    with pytest.raises(ModelRefused) as refused:
        convert(tmp_path / "model.pkl", ROWS, Wishes("m", pickles=True))
    return refused.value.message


def test_its_code_reaches_no_network_sees_no_secret_and_writes_no_large_file(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SCORELINE_DATABASE_URL", "postgresql://somebody:secret@host/db")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        told = told_by(f"__import__('socket').create_connection(('127.0.0.1', {port}), 5)", tmp_path)
        assert "unreachable" in told
    assert "'SCORELINE_DATABASE_URL'" in told_by("__import__('os').environ['SCORELINE_DATABASE_URL']", tmp_path)
    look = "__import__('os').getpid(), __import__('os').listdir()"
    assert "(1, [])" in told_by(f"(_ for _ in ()).throw(ValueError(({look})))", tmp_path)  # alone, in an empty folder
    assert "too large" in told_by("open('large', 'wb').write(bytes(1 << 25))", tmp_path)


def test_a_pickle_that_wants_too_much_memory_or_ends_its_process_is_refused(tmp_path: Path) -> None:
    assert "more memory" in told_by("bytearray(8 << 30)", tmp_path)
    assert "ended" in told_by("__import__('os').abort()", tmp_path)


def test_the_setting_and_the_word_of_who_imports_are_both_needed(tmp_path: Path) -> None:
    known = table("binary")
    classifier = lightgbm.LGBMClassifier(n_estimators=3, verbosity=-1, n_jobs=1)
    classifier.fit(known.numbers.to_pandas(), np.array(["good", "bad"])[known.y])
    joblib.dump(classifier, tmp_path / "model.pkl", compress=3)
    for environment, trust, error in (
        ({}, False, ModelRefused),
        ({}, True, BadSetting),
        ({"SCORELINE_ALLOW_PICKLE": "on"}, False, ModelRefused),
    ):
        with open_app(Settings.of(home=tmp_path / "home", environment=environment)) as app, pytest.raises(error):
            import_model(app, tmp_path / "model.pkl", sample=known.numbers, trust_pickle=trust)
    settings = Settings.of(home=tmp_path / "home", environment={"SCORELINE_ALLOW_PICKLE": "on"})
    with open_app(settings) as app:
        done = import_model(app, tmp_path / "model.pkl", sample=known.numbers, trust_pickle=True)
    assert done.version is not None
    assert done.manifest.labels == ("bad", "good")
    assert done.path.exists()
