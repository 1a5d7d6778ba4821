"""What was found of the dialects: plain data, JSON, and tables for the terminal and the page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.figures import About
from benchmarks.report import about_text, duration, put_between, table

BEGIN, END = "<!-- dialects: written by `make dialects`, not by hand -->", "<!-- end of dialects -->"
BAR = 0.5
BUSY = 0.95
"""From here on the server is what is waited for."""


class DialectRate(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect under its load: medians of its rounds."""

    world: str
    name: str
    beside: str
    """The native row that it is held against."""
    requests_per_second: float
    processor_seconds: float
    """What the server used of its processor for a request, in its processes and in the kernel."""
    busy: float
    """Share of the time in which the server's core worked for it."""
    rounds: tuple[float, ...]
    """Requests a second of each round."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A dialect beside native: both ratios are more than 1 where it is the faster one."""

    found: DialectRate
    of_rate: float
    of_processor: float

    @property
    def rate_decides(self) -> bool:
        """Whether the server was the bottleneck; otherwise the load was, and its rate says nothing of the server."""
        return self.found.busy >= BUSY

    @property
    def ratio(self) -> float:
        return self.of_rate if self.rate_decides else self.of_processor

    @property
    def met(self) -> bool:
        return self.ratio >= BAR


class DialectReport(msgspec.Struct, kw_only=True):
    """A whole run."""

    about: About
    rates: tuple[DialectRate, ...] = ()

    def judged(self) -> Iterator[Judged]:
        """Hold every dialect against its native row."""
        by_name = {(rate.world, rate.name): rate for rate in self.rates}
        for rate in self.rates:
            native = by_name[rate.world, rate.beside]
            yield Judged(
                found=rate,
                of_rate=rate.requests_per_second / native.requests_per_second,
                of_processor=native.processor_seconds / rate.processor_seconds,
            )


def read(file: Path) -> DialectReport:
    """Read what ``to_json`` wrote."""
    return msgspec.json.decode(file.read_bytes(), type=DialectReport)


def to_json(report: DialectReport) -> bytes:
    """Write all figures, and what the bar says of them."""
    judged = [
        {
            "world": each.found.world,
            "name": each.found.name,
            "of_rate": each.of_rate,
            "of_processor": each.of_processor,
            "rate_decides": each.rate_decides,
            "met": each.met,
        }
        for each in report.judged()
    ]
    document = {**msgspec.to_builtins(report), "judged": judged}
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def write_page(report: DialectReport, page: Path) -> None:
    """Put the tables between the marks of a page. Raises ValueError when it has no marks."""
    put_between(page, BEGIN, END, tables(report))


def tables(report: DialectReport) -> str:
    """Render a table for each world."""
    worlds = dict.fromkeys(rate.world for rate in report.rates)
    return "\n".join([about_text(report.about), *(_table(report, world) for world in worlds)])


def _table(report: DialectReport, world: str) -> str:
    head = ("requests/s", "of native", "processor a request", "native by it", "server busy", "decides", "met")
    rows = []
    for each in report.judged():
        if each.found.world == world:
            found, decides = each.found, "rate" if each.rate_decides else "processor"
            times = duration(found.processor_seconds), f"{each.of_processor:.2f}", f"{found.busy:.0%}"
            rate = f"{found.requests_per_second:,.0f}", f"{each.of_rate:.2f}"
            rows.append((found.name, *rate, *times, decides, "yes" if each.met else "NO"))
    return table((f"{world}, 1 row a request, 32 at a time", *head), rows)
