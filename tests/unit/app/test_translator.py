"""Processes that may die of what they read."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pyarrow as pa
import pytest

from scoreline.app.translator import Translator
from scoreline.core.errors import BadRequest, TooLarge
from scoreline.core.translation import ToTranslate

ASKED = ToTranslate(source="parquet", target="arrow", columns=("age",), most_rows=1000, text_bytes=1000)


@pytest.fixture
def translator() -> Iterator[Translator]:
    opened = Translator()
    yield opened
    opened.close()


def parquet(n_rows: int = 3, **columns: list[object]) -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"age": [1.5] * n_rows, "other": ["x"] * n_rows, **columns}).write_parquet(file)
    return file.getvalue()


def ages(translator: Translator, body: bytes) -> list[float]:
    told, stream = translator(ASKED, body)
    assert told.names == ("age", "other")
    assert told.n_rows == 3
    table = pa.ipc.open_stream(stream).read_all()
    assert table.column_names == ["age"]
    return list(table["age"].to_pylist())


def test_a_process_is_kept_for_the_next_table(translator: Translator) -> None:
    assert ages(translator, parquet()) == [1.5] * 3
    [kept] = translator.processes
    assert ages(translator, parquet()) == [1.5] * 3
    assert translator.processes == [kept]


def test_tables_that_come_together_have_a_process_each(translator: Translator) -> None:
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda _: ages(translator, parquet()), range(6))) == [[1.5] * 3] * 6
    assert 1 <= len(translator.processes) <= 2


def test_a_process_that_is_gone_is_replaced(translator: Translator) -> None:
    ages(translator, parquet())
    [first] = translator.processes
    os.kill(first, signal.SIGKILL)
    assert ages(translator, parquet()) == [1.5] * 3
    assert first not in translator.processes


def test_a_table_that_its_process_does_not_survive_is_the_callers_error() -> None:
    """It is killed here for taking too long; one that aborts ends in the same way."""
    hasty = Translator(longest_seconds=0.001)
    with pytest.raises(BadRequest, match="cannot be read"):
        hasty(ASKED, parquet())
    assert hasty.processes == []


def test_what_is_too_large_is_refused_before_it_is_unpacked(translator: Translator) -> None:
    with pytest.raises(TooLarge, match="1,001 rows, 1,000 are allowed"):
        translator(ASKED, parquet(1001))
    wordy = ToTranslate(source="parquet", target="arrow", columns=("other",), most_rows=1000, text_bytes=10)
    with pytest.raises(TooLarge, match="text"):
        translator(wordy, parquet(11))


def test_what_is_no_table_is_the_callers_error_and_no_reason_to_start_again(translator: Translator) -> None:
    ages(translator, parquet())
    before = translator.processes
    with pytest.raises(BadRequest, match="cannot be read as a Parquet file"):
        translator(ASKED, parquet()[:-5])
    assert translator.processes == before


def test_nothing_is_left_when_it_closes() -> None:
    translator = Translator()
    ages(translator, parquet())
    [process] = translator.processes
    translator.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
