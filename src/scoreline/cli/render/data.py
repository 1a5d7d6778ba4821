"""What the data is: rows, columns, types, guardrails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from scoreline.cli.render import wording
from scoreline.cli.render.theme import INDENT, indented, mark, table
from scoreline.core.entities import Guardrail
from scoreline.core.schema import Column, Task

FEW_COLUMNS = 10
"""Up to this many columns each gets a line; more are listed by type."""
SHOWN_CLASSES = 8
BAR_CELLS = 24
NAME_LINES = 2
"""Lines of column names for each type, when columns are listed by type."""
TASKS: dict[Task, str] = {
    "binary": "one of two classes",
    "multiclass": "one of several classes",
    "regression": "a number",
}


def headline(name: str, n_rows: int, n_columns: int) -> RenderableType:
    """Show in one line the table and its size."""
    size = f"{wording.count(n_rows, 'row')} · {wording.count(n_columns, 'column')}"
    return Text.assemble((name, "best"), "  ", size)


def outcome(target: str, task: Task, shares: Mapping[str, float], width: int) -> RenderableType:
    """Show what is to be learned, and for classes how often each occurs."""
    head = Text.assemble(("target ", "quiet"), target, (f"  {TASKS[task]}", "quiet"))
    return Group(head, balance(shares, width)) if shares else head


def balance(shares: Mapping[str, float], width: int) -> RenderableType:
    """Show the classes' shares as bars, the largest classes first when they are many."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    ordered = list(shares.items())
    if len(ordered) > SHOWN_CLASSES:
        ordered.sort(key=lambda item: -item[1])
    largest = max(shares.values(), default=1.0) or 1.0
    for label, value in ordered[:SHOWN_CLASSES]:
        grid.add_row(
            wording.short(str(label), max(8, width // 3)),
            wording.share(value),
            Text(bar(value / largest, BAR_CELLS), style="bar"),
        )
    if len(ordered) > SHOWN_CLASSES:
        return Group(grid, Text(f"and {len(ordered) - SHOWN_CLASSES} more classes", style="quiet"))
    return grid


def bar(fraction: float, cells: int) -> str:
    """Draw a bar of up to ``cells`` cells, in eighths of one; anything above nothing shows."""
    eighths = round(max(0.0, min(1.0, fraction)) * cells * 8)
    if fraction > 0:
        eighths = max(1, eighths)
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]


def columns(found: Sequence[Column], excluded: Mapping[str, str], width: int) -> RenderableType:
    """Show the inferred types: a line a column when they are few, a line a type when they are many."""
    body: RenderableType = _one_each(found, width) if len(found) <= FEW_COLUMNS else _by_type(found, width)
    if not excluded:
        return body
    out = Text("left out  ", style="quiet")
    out.append(", ".join(f"{name} ({reason})" for name, reason in list(excluded.items())[:SHOWN_CLASSES]))
    if len(excluded) > SHOWN_CLASSES:
        out.append(f", and {len(excluded) - SHOWN_CLASSES} more")
    return Group(body, out)


def _one_each(found: Sequence[Column], width: int) -> RenderableType:
    grid = table("column", "type", "values")
    for column in found:
        grid.add_row(
            wording.short(column.name, max(10, width // 3)),
            column.type,
            Text(_values(column, width // 2), style="quiet"),
        )
    return grid


def _values(column: Column, width: int) -> str:
    if column.levels:
        return f"{wording.count(len(column.levels), 'level')}: {wording.listing(column.levels, max(10, width - 12))}"
    if column.type == "number" and column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:g} … {column.maximum:g}"
    return "" if column.example is None else wording.short(str(column.example), width)


def _by_type(found: Sequence[Column], width: int) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for kind in dict.fromkeys(column.type for column in found):
        names = [column.name for column in found if column.type == kind]
        room = max(16, (width - INDENT - 16) * NAME_LINES)
        grid.add_row(kind, wording.count(len(names)), Text(wording.listing(names, room), style="quiet"))
    return grid


def guardrails(results: Sequence[Guardrail]) -> RenderableType:
    """Show each check with its mark and its sentence: what needs an eye first."""
    order = {"alerted": 0, "fixed": 1, "passed": 2}
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for result in sorted(results, key=lambda item: order[item.result]):
        grid.add_row(
            mark(result.result),
            result.name.replace("_", " "),
            Text(result.sentence, style="quiet" if result.result == "passed" else ""),
        )
    return indented(grid, 0)
