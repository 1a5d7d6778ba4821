"""Records of the prediction log as lines, and what a log holds as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from scoreline.cli.render import wording
from scoreline.cli.render.theme import facts, table

if TYPE_CHECKING:
    from scoreline.app.prediction_log import Overview, Statistics

ABOUT = frozenset(
    {"time", "request_id", "row", "model", "version", "latency_ms", "caller", "key", "trace", "shadow", "dialect"}
)
"""Columns that every record has; the others are its predictions and its inputs."""
ID_WIDTH = 14
TIME_FORMAT = "%m-%d %H:%M:%S.%f"
HEADING = f"{'time':<18}  {'request':<{ID_WIDTH}}  {'row':>3}  {'version':>7}  {'latency':>8}  predictions, then inputs"


def records(found: Sequence[Mapping[str, Any]], width: int | None) -> Iterator[Text]:
    """Show one record a line, cut to ``width`` where there is one."""
    for record in found:
        line = Text(_when(record["time"]), style="quiet")
        line.append(f"  {wording.short(record['request_id'], ID_WIDTH):<{ID_WIDTH}}  {record['row']:>3}  ")
        line.append(f"{_version(record):>7}  {wording.seconds(record['latency_ms'] / 1000):>8}  ")
        line.append("  ".join(f"{name} {_value(value)}" for name, value in _values(record)))
        if width is not None:
            line.truncate(width, overflow="ellipsis")
        yield line


def record(found: Mapping[str, Any]) -> RenderableType:
    """Show everything of one record."""
    about = [(name, Text(_value(found[name]))) for name in found if name in ABOUT and found[name] is not None]
    values = [(name, Text("–" if value is None else _value(value), "best")) for name, value in _values(found)]
    return facts([*about, *values])


def overviews(found: Sequence[Overview]) -> RenderableType:
    """Show one deployment a line."""
    grid = table(
        "deployment", "first day", "last day", "tables", "size", "lost", right=frozenset({"tables", "size", "lost"})
    )
    for one in found:
        grid.add_row(
            Text(one.deployment, style="best"),
            str(one.first_day or "today"),
            str(one.last_day or "today"),
            wording.count(one.n_tables),
            wording.size(one.tables_bytes),
            Text(wording.count(one.n_lost), style="failed" if one.n_lost else "quiet"),
        )
    return grid


def versions(found: Statistics) -> RenderableType:
    """Show one version a line."""
    right = frozenset({"version", "requests", "rows", "p50", "p99"})
    grid = table("model", "version", "", "requests", "rows", "p50", "p99", "first", "last", right=right)
    for one in found.versions:
        grid.add_row(
            one.model,
            Text(str(one.version), style="best"),
            Text("shadow" if one.shadow else "", style="quiet"),
            wording.count(one.n_requests),
            wording.count(one.n_rows),
            wording.seconds(one.p50_latency_ms / 1000),
            wording.seconds(one.p99_latency_ms / 1000),
            _minute(one.first_at),
            _minute(one.last_at),
        )
    return grid


def totals(found: Statistics) -> RenderableType:
    """Show what was lost, and how much of the disk the log takes."""
    if found.lost is None:
        lost = Text("nothing")
    else:
        n = wording.count(found.lost.n_requests, "request")
        since, until = _minute(found.lost.first_at), _minute(found.lost.last_at)
        lost = Text(f"{n} from {since} to {until}: {found.lost.reason}", style="failed")
    rows: list[tuple[str, RenderableType]] = [
        ("lost", lost),
        ("tables", f"{wording.size(found.tables_bytes)} in {wording.count(found.n_tables, 'file')}"),
        (
            "segments",
            f"{wording.size(found.segments_bytes)} in {wording.count(found.n_segments, 'file')}, of all deployments",
        ),
    ]
    if found.n_set_aside:
        rows.append(
            ("set aside", Text(f"{wording.count(found.n_set_aside, 'file')} that could not be read", "alerted"))
        )
    return facts(rows)


def _values(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in record.items() if name not in ABOUT]


def _version(record: Mapping[str, Any]) -> str:
    return f"{record['version']}{' s' if record['shadow'] else ''}"


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return (value.astimezone() if value.tzinfo else value).isoformat(" ", "milliseconds")
    return str(value)


def _when(moment: datetime) -> str:
    return moment.astimezone().strftime(TIME_FORMAT)[:-3]


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
