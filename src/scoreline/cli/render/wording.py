"""Numbers and names as a person reads them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len


def count(n: int, noun: str = "", plural: str = "") -> str:
    """``1000`` → ``1,000``; with a noun, ``1 row`` and ``2 rows``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}" if noun else f"{n:,}"


def share(value: float) -> str:
    """Write a share of one as a percentage."""
    percent = 100 * value
    return f"{percent:.2g} %" if 0 < percent < 1 else f"{percent:.1f} %"


def score(value: float | None) -> str:
    """Write a score with four digits that count, plain where that is readable."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    decimals = _decimals(value)
    return f"{value:.2e}" if decimals is None else f"{value:,.{decimals}f}"


def spread(sd: float | None, value: float | None) -> str:
    """Write a standard deviation with the decimals of the score it belongs to."""
    if sd is None or value is None or math.isnan(sd):
        return ""
    decimals = _decimals(value)
    return f"{sd:.1e}" if decimals is None else f"{sd:,.{decimals}f}"


def _decimals(value: float) -> int | None:
    size = abs(value)
    if size < 0.0001 or size >= 100_000:
        return 4 if size == 0 else None
    return 4 if size < 10 else max(0, 3 - int(math.log10(size)))


def difference(value: float) -> str:
    """Write a parity difference."""
    return "0" if value == 0 else f"{value:.1e}"


def seconds(value: float) -> str:
    """Write a duration: ``38 µs``, ``1.20 ms``, ``4.1 s``, ``2 min 05 s``."""
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.3g} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def size(n_bytes: int) -> str:
    """Write a size in decimal units."""
    value = float(n_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.1f} {unit}"


def short(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, its middle left out, so that a prefix and a suffix both survive."""
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    tail = (width - 1) // 3
    return text[: width - 1 - tail] + "…" + (text[-tail:] if tail else "")


def begin(text: str, width: int) -> str:
    """Return as much of the beginning of ``text`` as ``width`` cells hold."""
    return text if cell_len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"


def folded(text: str, width: int) -> str:
    """Break a JSON text into lines of at most ``width`` where that is possible, after a comma or a colon."""
    lines: list[str] = []
    for piece in re.split(r'(?<=[,:])(?=["\[{])', text):
        if lines and len(lines[-1]) + len(piece) <= width:
            lines[-1] += piece
        else:
            lines.append(piece)
    return "\n".join(lines)


def path(name: Path) -> str:
    """Write a path as a person types it: from ``~`` where it is at home."""
    try:
        return f"~/{name.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(name)


def listing(names: Sequence[str], width: int) -> str:
    """Write names separated by commas in at most ``width`` cells; what does not fit is counted."""
    taken = ""
    for position, name in enumerate(names):
        rest = len(names) - position - 1
        grown = f"{taken}, {name}" if taken else short(name, max(12, width - 12))
        if taken and cell_len(grown) + (len(f", and {rest:,} more") if rest else 0) > width:
            return f"{taken}, and {rest + 1:,} more"
        taken = grown
    return taken
