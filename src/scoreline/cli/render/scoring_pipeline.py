"""What a scoring pipeline is: scores, importance, parity, lineage, out of its manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from scoreline.cli.render import wording
from scoreline.cli.render.data import bar
from scoreline.cli.render.theme import facts, mark, table
from scoreline.cli.render.trials import is_ensemble
from scoreline.core.manifest import Manifest, Parity, Scores

SHOWN_COLUMNS = 8
WIDEST_BAR = 40
LEARNERS_NAMED = 4


def composition(leaderboard: list[dict[str, Any]]) -> str:
    """Say what the winner is made of: one learner, or an ensemble and its members."""
    members = [row for row in leaderboard if row.get("weight") and not is_ensemble(row)]
    if not members:
        return str(leaderboard[0]["learner"]) if leaderboard else ""
    if len(members) == 1:
        return str(members[0]["learner"])
    shares: Counter[str] = Counter()
    for row in members:
        shares[str(row["learner"])] += row["weight"]
    named = " · ".join(f"{name} {100 * weight:.0f} %" for name, weight in shares.most_common(LEARNERS_NAMED))
    return f"ensemble of {len(members)} trials: {named}"


def scores(found: Scores, n_test: int | None = None) -> RenderableType:
    """Show validation ± sd beside test, the optimised scorer first."""
    right = frozenset({"validation", "test"})
    test = f"test ({wording.count(n_test, 'row')})" if n_test else "test"
    grid = table("scorer", "validation", "± sd", test, right=right | {test})
    names = sorted({**found.validation, **found.test}, key=lambda name: name != found.scorer)
    for name in names:
        sd = found.validation_sd.get(name)
        grid.add_row(
            Text(name, style="best" if name == found.scorer else ""),
            wording.score(found.validation.get(name)),
            Text("" if sd is None else f"± {wording.spread(sd, found.validation.get(name))}", style="quiet"),
            wording.score(found.test.get(name)),
            style="best" if name == found.scorer else None,
        )
    return grid


def threshold(found: Mapping[str, float], positive: object) -> RenderableType:
    """Show precision, recall, F1 and MCC where F1 is best on validation rows."""
    values = " · ".join(
        f"{title}\u00a0{found[name]:.3f}"
        for name, title in (("precision", "precision"), ("recall", "recall"), ("f1", "F1"), ("mcc", "MCC"))
        if name in found
    )
    where = f"at the threshold of the best F1, P({positive})\u00a0≥\u00a0{found.get('threshold', 0.5):.3f}:\n"
    return Text.assemble((where, "quiet"), values)


def importance(found: Mapping[str, float], width: int, shown: int = SHOWN_COLUMNS) -> RenderableType:
    """Draw what is lost when a column's values are shuffled."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", style="quiet")
    ordered = sorted(found.items(), key=lambda item: -item[1])
    name_width = min(max((len(name) for name, _ in ordered[:shown]), default=8), max(10, width * 2 // 5))
    cells = min(WIDEST_BAR, max(8, width - name_width - 16))
    for name, value in ordered[:shown]:
        grid.add_row(wording.short(name, name_width), Text(bar(value, cells), style="bar"), f"{value:.2f}")
    rest = len(ordered) - shown
    if rest > 0:
        grid.add_row(Text(f"and {rest:,} more", style="quiet"), "", "")
    return grid


def parity(found: Parity, unit: str) -> RenderableType:
    """Show the proof: rows compared and the largest difference, by kind of row."""
    verdict = "the exported graph scores as the fitted model does" if found.passed else "the graph scores differently"
    head = Text.assemble(
        mark("passed" if found.passed else "failed"),
        f" {verdict}\n",
        ("  largest difference ", "quiet"),
        (wording.difference(found.largest), "best"),
        (f" over {wording.count(found.n_rows, 'row')} ({found.tolerance:g} {unit} allowed)", "quiet"),
    )
    grid = table("  rows", "compared", "largest difference", right=frozenset({"compared", "largest difference"}))
    for kind, part in found.by_kind.items():
        if part.n_rows:
            grid.add_row(f"  {kind}", wording.count(part.n_rows), wording.difference(part.largest))
    return Group(head, grid)


def parity_unit(manifest: Manifest) -> str:
    """Say what the tolerance is measured in."""
    return "of the target's sd" if manifest.task == "regression" else "of a probability"


def file_facts(manifest: Manifest, n_bytes: int, more: Sequence[tuple[str, RenderableType]] = ()) -> RenderableType:
    """Show size, latency, identity, and ``more``."""
    rows: list[tuple[str, RenderableType]] = [("size", wording.size(n_bytes))]
    if manifest.latency is not None:
        p50, p99 = manifest.latency.p50_seconds, manifest.latency.p99_seconds
        rows.append(("one row", f"{wording.seconds(p50)} (99 % within {wording.seconds(p99)})"))
    rows.append(("id", Text(manifest.id[:26] + "…", style="quiet")))
    return facts([*rows, *more])


def lineage(manifest: Manifest) -> RenderableType:
    """Show where it comes from."""
    origin = manifest.lineage
    libraries = ", ".join(f"{name} {version}" for name, version in origin.libraries.items())
    settings = ", ".join(
        f"{name}={value}" for name, value in origin.settings.items() if value not in (None, [], {}, ())
    )
    return facts(
        [
            ("dataset", f"{origin.dataset_name}, {wording.count(origin.n_rows, 'row')}, {origin.dataset[:19]}…"),
            ("experiment", origin.experiment),
            ("created", origin.created_at),
            ("settings", settings),
            ("libraries", libraries),
        ]
    )
