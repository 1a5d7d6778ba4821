"""What a file must prove before it becomes a version."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from scoreline.core.errors import ArtifactRefused, NotFound, ParityFailed
from scoreline.core.manifest import Manifest, Parity


class Intake(NamedTuple):
    """A scoring pipeline that may be registered: the bytes that were checked are the bytes that are kept."""

    manifest: Manifest
    content: bytes


def take_in(path: Path) -> Intake:
    """Read and load the file at ``path``, run its sample, and check its parity report.

    Raises NotFound, ArtifactRefused or ParityFailed.
    """
    from scoreline.scoring.pipeline import load  # the graph runtime is needed to register, not to list

    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"no file {path}", hint="a scoring pipeline is a file *.scoreline") from None
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}", hint="give the path of a *.scoreline file") from None
    try:
        manifest = load(content).manifest
    except ArtifactRefused as error:
        raise ArtifactRefused(f"{path}: {error.message}", hint=error.hint) from None
    check_parity_report(manifest.parity, str(path))
    return Intake(manifest, content)


def check_parity_report(parity: Parity, where: str) -> None:
    """Raise ParityFailed unless rows were compared and all of them agreed."""
    if parity.n_rows == 0:
        raise ParityFailed(
            f"{where}: the graph was not compared with its model", hint="export the scoring pipeline again"
        )
    if not parity.passed:
        raise ParityFailed(
            f"{where}: the graph differs from its model by {parity.largest:.3g}, allowed is {parity.tolerance:.3g}",
            hint="scoreline inspect shows the difference by kind of row; export with another learner",
        )


def summarise(manifest: Manifest) -> dict[str, Any]:
    """Return what lists and pages show of a version without opening its file."""
    summary = {
        "name": manifest.name,
        "task": manifest.task,
        "target": manifest.target,
        "labels": manifest.labels,
        "n_columns": len(manifest.schema.columns),
        "scores": manifest.scores,
        "parity": manifest.parity,
        "lineage": manifest.lineage,
        "latency": manifest.latency,
    }
    as_kept: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(summary))
    return as_kept
