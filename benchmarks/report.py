"""Figures as tables of Markdown, for the terminal and for the page of the documentation."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks.bars import Bar, judge
from benchmarks.figures import About, Cell, Footprint, Report

BEGIN, END = "<!-- figures: written by `make bench`, not by hand -->", "<!-- end of figures -->"


def write_page(report: Report, page: Path) -> None:
    """Put the tables between the marks of a page. Raises ValueError when it has no marks."""
    put_between(page, BEGIN, END, tables(report))


def put_between(page: Path, first: str, last: str, found: str) -> None:
    """Put ``found`` between two lines of a page. Raises ValueError when it does not have them."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not (begin and end):
        raise ValueError(f"{page} has no line {first!r} with {last!r} behind it")
    page.write_text(f"{before}{begin}\n\n{found}\n{end}{after}", encoding="utf-8")


def to_json(report: Report) -> bytes:
    """Write all figures, and what the bars say of them."""
    bars = [{**bar._asdict(), "found": bar.found, "met": bar.met} for bar in judge(report)]
    document = {**msgspec.to_builtins(report), "bars": bars}
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def read(file: Path) -> Report:
    """Read what ``to_json`` wrote."""
    return msgspec.json.decode(file.read_bytes(), type=Report)


def tables(report: Report) -> str:
    """Render everything that was measured."""
    parts = [about_text(report.about), _bars(list(judge(report)))]
    parts += [_cell(cell) for cell in report.cells]
    if report.footprints:
        parts.append(_footprints(report.footprints))
    if report.row:
        rows = [
            (name, duration(found.p50_seconds), duration(found.p99_seconds), f"{found.n_calls:,}")
            for name, found in report.row.items()
        ]
        parts.append(table(("one row, 20 mixed columns", "p50", "p99", "calls"), rows))
    for world, batch in report.batch.items():
        head = (f"{batch.n_rows:,} rows, {world}, one core", "rows/s")
        parts.append(table(head, [(name, f"{rate:,.0f}") for name, rate in batch.rates.items()]))
    return "\n".join(parts)


def duration(seconds: float) -> str:
    """Write seconds in the unit that reads best, with three digits."""
    size, unit = next((pair for pair in ((1.0, "s"), (1e-3, "ms")) if seconds >= pair[0]), (1e-6, "µs"))
    return f"{_digits(seconds / size)} {unit}"


def _digits(number: float) -> str:
    return f"{number:.2f}" if number < 10 else f"{number:.1f}" if number < 100 else f"{number:,.0f}"


def about_text(about: About) -> str:
    """Say when, where and how."""
    versions = ", ".join(f"{name} {version}" for name, version in about.versions.items())
    return (
        f"{about.date}, `{about.command}`, {about.n_cores} cores of {about.processor}, {about.system}; "
        f"load average {about.load_average:.2f} before it began.\n{versions}.\n"
    )


def _bars(bars: Sequence[Bar]) -> str:
    head = ("what", "Scoreline", "opponent", "found", "bar", "moonshot", "met")
    return table(head, [_bar(bar) for bar in bars])


def _bar(bar: Bar) -> Sequence[str]:
    written = {"/s": lambda value: f"{value:,.0f}/s", "s": duration, "B": _megabytes}[bar.unit]
    mark = written if bar.theirs is None else lambda ratio: f"{_digits(ratio)} ×"
    theirs = "" if bar.theirs is None else written(bar.theirs)
    met = "moonshot" if bar.reaches(bar.moonshot) else "yes" if bar.met else "NO"
    return bar.what, written(bar.ours), theirs, mark(bar.found), mark(bar.bar), mark(bar.moonshot), met


def _cell(cell: Cell) -> str:
    ours = cell.rates.get("scoreline")
    rows = []
    for name, rate in cell.rates.items():
        ratio = f"{_digits(ours.requests_per_second / rate.requests_per_second)} ×" if ours else ""
        times = duration(rate.p50_seconds), duration(rate.p99_seconds), duration(rate.processor_seconds)
        rows.append((name, f"{rate.requests_per_second:,.0f}", ratio, *times))
    what = f"{cell.world}, {_count(cell.n_rows, 'row')} a request, {_count(cell.n_connections, 'connection')}"
    return table((what, "requests/s", "scoreline is", "p50", "p99", "processor a request"), rows)


def _footprints(footprints: dict[str, Footprint]) -> str:
    head = (
        "one deployment, mixed",
        "start to first score",
        "a worker (RSS)",
        "processes",
        "all (PSS)",
        "all after load (PSS)",
    )
    rows = []
    for name, found in footprints.items():
        shares = [_megabytes(sum(memory.pss_bytes for memory in all_)) for all_ in (found.before, found.after)]
        start, worker = duration(statistics.median(found.starts)), _megabytes(found.worker.rss_bytes)
        rows.append((name, start, worker, str(len(found.after)), *shares))
    return table(head, rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Render a table of Markdown whose first column is flush left."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return "\n".join(_lines(head, rows, widths)) + "\n"


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    """Yield lines whose first column is flush left and whose others are flush right."""
    for number, cells in enumerate((head, *rows)):
        padded = [
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        yield f"| {' | '.join(padded)} |"
        if number == 0:
            yield f"|{'|'.join('-' * (width + 1) + (':' if i else '-') for i, width in enumerate(widths))}|"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"
