"""Draw ``docs/images/demo.svg``: what ``scoreline demo`` writes on a terminal of 80 columns.

``.venv/bin/python tools/picture.py`` runs the demo in an empty home and draws its real output, from the training to the
answer of the server.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "demo.svg"
WIDTH = 80
FIRST, LAST = "Training ", "The same in the dialect"
FORMAT = """\
<svg viewBox="0 0 {width} {height}" xml:space="preserve" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; \
font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own, without the fonts that it fetches from elsewhere."""


def demo_output() -> str:
    """Run the demo as a person without any settings would; return what it writes, with its colours."""
    with tempfile.TemporaryDirectory() as home:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SCORELINE_")}
        program = Path(sys.executable).with_name("scoreline")
        environment = {**kept, "HOME": home, "FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
        environment["PATH"] = f"{program.parent}{os.pathsep}{kept['PATH']}"
        done = subprocess.run(  # noqa: S603 our own program
            [program, "demo", "--exit"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
    return done.stdout.decode()


def draw(output: str) -> str:
    """Return the picture of the sections between ``FIRST`` and ``LAST``."""
    lines = Text.from_ansi(output).split("\n", allow_blank=True)
    begin = next(i for i, line in enumerate(lines) if line.plain.startswith(FIRST))
    end = next(i for i, line in enumerate(lines) if line.plain.startswith(LAST))
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("\n").join(lines[begin:end]))
    return console.export_svg(title="scoreline demo", code_format=FORMAT, unique_id="demo")


if __name__ == "__main__":
    PICTURE.write_text(draw(demo_output()), "utf-8")
    print(PICTURE.relative_to(ROOT))
