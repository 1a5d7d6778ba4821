"""The packages that a model was made with and that score it now: what is installed, and what is asked for. Offline."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version

import msgspec

from scoreline.core.manifest import Manifest

PACKAGE = "scoreline"
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^\]]*\])?\s*([^;]*)")
_DISTRIBUTIONS = {"xgboost": "xgboost-cpu"}
"""What the library is called where it is installed under another name."""


class Dependency(msgspec.Struct, frozen=True):
    """A package."""

    name: str
    installed: str | None
    """None: it is not installed, or not needed to score."""
    required: str | None
    """What Scoreline asks for; None: nothing, or it is Scoreline itself."""
    made_with: str | None
    """The version with which the model was made; None: it was made without."""


def dependencies(manifest: Manifest) -> list[Dependency]:
    """List the packages that score, and those that the model was made with, by name.

    Whether newer ones have been published is not told: nobody is asked.
    """
    required = _required()
    made_with = manifest.lineage.libraries
    names = sorted({*required, *made_with})
    return [
        Dependency(name, _installed(name), required.get(name) or None, made_with.get(name) or None) for name in names
    ]


def _required() -> dict[str, str]:
    """Return what the base install needs, by name."""
    try:
        lines = requires(PACKAGE) or []
    except PackageNotFoundError:  # it runs out of a folder
        return {}
    found = [_REQUIREMENT.match(line) for line in lines if "extra ==" not in line]
    return {match[1]: match[2].strip() for match in found if match}


def _installed(name: str) -> str | None:
    for distribution in (name, _DISTRIBUTIONS.get(name, name)):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None
