"""What the bars say of figures, and how the page shows them."""

import json

import pytest
from benchmarks.bars import judge
from benchmarks.batch import LIGHTGBM
from benchmarks.batch import OURS as BATCH
from benchmarks.figures import About, Batch, Cell, Footprint, Latency, Memory, Rate, Report
from benchmarks.report import BEGIN, END, duration, read, tables, to_json, write_page
from benchmarks.row import OURS as ROW

ABOUT = About(
    date="2026-05-01 12:00 UTC",
    command="make bench",
    processor="a processor",
    n_cores=2,
    system="Linux",
    load_average=0.0,
    versions={"Scoreline": "1.0"},
)


def rate(requests_per_second, p50_seconds=1e-3):
    return Rate(
        requests_per_second=requests_per_second,
        p50_seconds=p50_seconds,
        p99_seconds=2 * p50_seconds,
        processor_seconds=1 / requests_per_second,
        rounds=(requests_per_second,),
    )


def cell(n_connections=32, **rates):
    named = {name.replace("_", " "): found for name, found in rates.items()}
    return Cell(world="numbers", n_rows=1, n_connections=n_connections, seconds=1, rates=named)


def memory(process, rss, seconds):
    return Memory(process_id=process, rss_bytes=rss, pss_bytes=rss // 2, processor_seconds=seconds)


def found(report):
    return {bar.what: (bar.found, bar.met, bar.reaches(bar.moonshot)) for bar in judge(report)}


def test_a_rate_is_held_against_that_of_each_opponent_in_the_same_cell():
    report = Report(about=ABOUT, cells=(cell(scoreline=rate(24_000), constant=rate(40_000), MLflow=rate(300)),))
    assert found(report) == {
        "requests/s, numbers, beside constant": (0.6, True, False),
        "requests/s, numbers, beside MLflow": (80.0, False, False),
    }


def test_a_latency_must_be_small():
    slow, quick = (Report(about=ABOUT, cells=(cell(1, scoreline=rate(1, p), constant=rate(1)),)) for p in (3e-3, 1e-3))
    assert found(slow) == {"p50, numbers, 1 connection, beside constant": (3.0, False, False)}
    assert found(quick) == {"p50, numbers, 1 connection, beside constant": (1.0, True, True)}


def test_the_other_loads_have_no_bar():
    assert not found(Report(about=ABOUT, cells=(cell(256, scoreline=rate(1), constant=rate(9)),)))


def test_a_row_and_a_file_have_bars_of_their_own():
    row = {ROW: Latency(p50_seconds=30e-6, p99_seconds=60e-6, n_calls=9)}
    batch = {"mixed": Batch(n_rows=9, rates={BATCH: 90.0, LIGHTGBM: 100.0}, rounds={})}
    bars = list(found(Report(about=ABOUT, row=row, batch=batch)).values())
    assert bars == [(30e-6, True, False), (0.9, False, False)]


def test_the_worker_is_the_process_that_the_load_kept_busy():
    footprint = Footprint(
        starts=(2.0, 0.3, 0.2),
        before=(memory(1, 120_000_000, 9.0), memory(2, 80_000_000, 1.0)),
        after=(memory(1, 120_000_000, 9.1), memory(2, 90_000_000, 5.0), memory(3, 10_000_000, 0.1)),
    )
    assert footprint.worker.process_id == 2
    bars = found(Report(about=ABOUT, footprints={"scoreline": footprint}))
    assert bars == {
        "worker memory (RSS) after load, one deployment": (90e6, True, False),
        "start to first score": (0.3, True, True),
    }


def test_figures_are_read_back_as_they_were_written(tmp_path):
    footprint = Footprint(starts=(0.3,), before=(memory(1, 9, 9.0),), after=(memory(1, 9, 9.1),))
    cells = (cell(scoreline=rate(24_000), constant=rate(40_000)),)
    report = Report(about=ABOUT, cells=cells, footprints={"scoreline": footprint})
    (tmp_path / "figures.json").write_bytes(to_json(report))
    assert read(tmp_path / "figures.json") == report
    assert json.loads(to_json(report))["bars"][0]["found"] == 0.6


def test_a_page_shows_what_was_written_and_nothing_older(tmp_path):
    page, file = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    report = Report(about=ABOUT, cells=(cell(scoreline=rate(24_000), constant=rate(40_000)),))
    file.write_bytes(to_json(report))
    for _ in range(2):
        write_page(read(file), page)
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\n{tables(report)}\n{END}\nafter\n"


def test_a_page_without_marks_is_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="has no line"):
        write_page(Report(about=ABOUT), page)
    assert page.read_text(encoding="utf-8") == "mine"


def test_a_table_says_who_met_what():
    report = Report(about=ABOUT, cells=(cell(scoreline=rate(24_000), constant=rate(40_000), MLflow=rate(300)),))
    lines = [[part.strip() for part in line.strip("|").split("|")] for line in tables(report).splitlines()]
    assert [
        "requests/s, numbers, beside constant",
        "24,000/s",
        "40,000/s",
        "0.60 ×",
        "0.50 ×",
        "0.70 ×",
        "yes",
    ] in lines
    assert ["requests/s, numbers, beside MLflow", "24,000/s", "300/s", "80.0 ×", "120 ×", "160 ×", "NO"] in lines
    assert ["constant", "40,000", "0.60 ×", "1.00 ms", "2.00 ms", "25.0 µs"] in lines


@pytest.mark.parametrize(
    ("seconds", "text"), [(61.2, "61.2 s"), (1.0, "1.00 s"), (0.4, "400 ms"), (0.0123, "12.3 ms"), (3.1e-5, "31.0 µs")]
)
def test_durations_have_three_digits(seconds, text):
    assert duration(seconds) == text
