"""The look: one accent, marks for results, section rules. Colour never carries meaning alone."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

THEME = Theme(
    {
        "accent": "bold cyan",
        "bar": "cyan",
        "best": "bold",
        "quiet": "dim",
        "passed": "green",
        "alerted": "yellow",
        "fixed": "blue",
        "failed": "red",
        "command": "bold",
        "rule.line": "dim",
    }
)

MARKS = {"passed": "✓", "alerted": "!", "fixed": "~", "failed": "✗"}
READABLE_WIDTH = 96
"""Reports do not grow wider than this, however wide the terminal."""
INDENT = 2


def page_width(console: Console) -> int:
    """Return the cells that a report may use."""
    return min(console.width, READABLE_WIDTH)


def section(title: str, width: int) -> RenderableType:
    """Return a heading over a part of a report."""
    rule = Rule(Text(f"{title} ", style="accent"), align="left", characters="─", style="rule.line")
    table = Table.grid(padding=0)
    table.width = width
    table.add_column(width=width)
    table.add_row(rule)
    return Group(Text(), table)


def indented(body: RenderableType, left: int = INDENT) -> RenderableType:
    """Return a body under a heading."""
    return Padding(body, (0, 0, 0, left))


def mark(result: str) -> Text:
    """Return the mark of a result: passed, alerted, fixed or failed."""
    return Text(MARKS[result], style=result)


def table(*columns: str, right: frozenset[str] = frozenset()) -> Table:
    """Return a table without borders, its header dim."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="quiet", pad_edge=False, show_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def facts(rows: list[tuple[str, RenderableType]], label_width: int = 0) -> Table:
    """Return names and values, one a line."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="quiet", no_wrap=True, min_width=label_width)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, value)
    return grid


def banner(title: str, subtitle: str) -> RenderableType:
    """Return the first lines of a demo."""
    return Group(Text(), Text.assemble((title, "accent"), "  ", (subtitle, "quiet")))
