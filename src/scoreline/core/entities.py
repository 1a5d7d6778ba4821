"""Entities of the registry and of deployments: plain data, immutable."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from scoreline.core.access import DEFAULT_SPACE

GuardrailResult = Literal["passed", "alerted", "fixed"]


class Guardrail(msgspec.Struct, frozen=True, kw_only=True):
    """One check of a dataset before it is learned from."""

    name: str
    result: GuardrailResult
    sentence: str
    columns: tuple[str, ...] = ()


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A name in the registry."""

    space: str = DEFAULT_SPACE
    name: str
    created_at: datetime
    latest: int
    """The highest version number."""
    aliases: dict[str, int] = {}


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable number under a model: one scoring pipeline."""

    space: str = DEFAULT_SPACE
    model: str
    number: int
    digest: str
    """``sha256:…``, the scoring pipeline's id and its key in the artifact store."""
    size_bytes: int
    created_at: datetime
    summary: dict[str, Any] = {}
    """``task``, ``target``, ``scores``, ``lineage``, ``parity`` of the manifest, so that lists need not open files."""


class AliasChange(msgspec.Struct, frozen=True, kw_only=True):
    """One move of an alias; all moves are kept."""

    id: int
    space: str = DEFAULT_SPACE
    model: str
    alias: str
    version: int
    """The version the alias points to from now on."""
    previous: int | None
    """The version it pointed to before; equal to ``version`` when nothing moved, ``None`` when the alias is new."""
    action: Literal["promote", "rollback"]
    changed_at: datetime
    parent: int | None = None
    """The change that a rollback of this one goes back to."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A version that answers a part of a deployment's requests."""

    reference: str
    """As a deployment's: ``@challenger`` follows an alias; ``3`` is pinned."""
    version: int
    digest: str
    weight: float
    """Percent of the requests, more than 0."""


class Shadow(msgspec.Struct, frozen=True, kw_only=True):
    """A version that scores a part of a deployment's requests as well; its answers are only logged."""

    reference: str
    version: int
    digest: str
    share: float
    """Percent of the requests, more than 0."""


HIDEABLE = ("caller", "key", "trace")
"""What a record says of its request that may be hidden as columns are."""


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment's prediction log keeps."""

    enabled: bool = True
    sample: float = 100.0
    """Percent of the requests that are recorded."""
    hidden: tuple[str, ...] = ()
    """Columns that are never stored, and any of ``HIDEABLE``."""


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A version, or whatever version an alias points to, kept ready to score."""

    id: str = ""
    """Lower-case UUID: it stays the same as long as the deployment is there, and no other ever has it."""
    space: str = DEFAULT_SPACE
    space_id: str = ""
    """No other space ever has it, whereas a name may be that of a later one."""
    name: str
    model: str
    reference: str
    """``@champion`` follows an alias; ``3`` is pinned to a version."""
    version: int
    """The version that the reference resolves to now."""
    digest: str
    created_at: datetime
    updated_at: datetime
    default: bool = False
    """Answers the dialects that know one model only, at the root."""
    split: tuple[Share, ...] = ()
    """Versions that answer a part of the requests; ``version`` answers the rest."""
    sticky: bool = False
    """Whether requests with the same key are answered by the same version as long as the split stays."""
    shadow: Shadow | None = None
    log: LogSettings = LogSettings()

    @property
    def full_name(self) -> str:
        """What it is called where all spaces come together: logs, metrics."""
        return full_name(self.name, self.space)


def full_name(name: str, space: str) -> str:
    """Return what a deployment is called where all spaces come together: its name, or ``space/name`` elsewhere."""
    return name if space == DEFAULT_SPACE else f"{space}/{name}"


def log_name(name: str, space: str, space_id: str) -> str:
    """Return what a deployment is called in the prediction log: its name, or ``space_id/name`` elsewhere.

    The log outlives what it tells of. By its id a later space of the same name is another one, and whatever stands in
    the name of a space, this is short and names a folder.
    """
    return full_name(name, space if space == DEFAULT_SPACE else space_id)


def split_full_name(full_name: str) -> tuple[str, str]:
    """Return the space of a deployment, and its name there."""
    space, _, name = full_name.rpartition("/")
    return space or DEFAULT_SPACE, name


def own_name(full_name: str, space: str) -> str | None:
    """Return the name within ``space`` of what has this full name; None: it is another space's."""
    of, name = split_full_name(full_name)
    return name if of == space else None
