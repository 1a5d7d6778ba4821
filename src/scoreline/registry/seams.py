"""What the registry asks of its stores. Metadata: SQLite or PostgreSQL; artifacts: a folder or an object store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.entities import AliasChange, Deployment, LogSettings, Model, Version


class Records(Protocol):
    """The rows of one space, in one transaction. Dumb by intent: every rule is the registry's."""

    def has_space(self) -> bool: ...

    def models(self) -> list[Model]:
        """All models by name."""

    def model(self, name: str) -> Model | None: ...

    def add_model(self, name: str, created_at: datetime) -> None: ...

    def delete_model(self, name: str) -> None:
        """Delete a model with its versions, aliases and their history."""

    def next_number(self, model: str) -> int:
        """Take the model's next version number; a number is given once, even when its version is deleted later."""

    def versions(self, model: str) -> list[Version]:
        """All versions of a model, newest first."""

    def version(self, model: str, number: int) -> Version | None: ...

    def version_with(self, model: str, digest: str) -> Version | None: ...

    def add_version(self, version: Version) -> None: ...

    def delete_version(self, model: str, number: int) -> None: ...

    def holds(self, digest: str) -> bool:
        """Whether a version of any model, in whichever space, has this digest."""

    def alias(self, model: str, alias: str) -> AliasChange | None:
        """Return the change in force."""

    def alias_change(self, change: int) -> AliasChange | None: ...

    def alias_changes(self, model: str, alias: str) -> list[AliasChange]:
        """All changes of an alias, newest first."""

    def move_alias(self, change: AliasChange) -> AliasChange:
        """Record a change and put it in force; return it with its id."""

    def delete_alias(self, model: str, alias: str) -> None: ...

    def deployments(self) -> list[Deployment]:
        """All deployments by name, each with the version its reference resolves to now."""

    def every_deployment(self) -> list[Deployment]:
        """Return the deployments of all spaces, by space and name."""

    def deployment(self, name: str) -> Deployment | None: ...

    def put_deployment(
        self, name: str, model: str, *, alias: str | None, number: int | None, default: bool, at: datetime
    ) -> None:
        """Create or change a deployment; ``default`` takes the mark from the one of the space that has it."""

    def put_split(
        self, name: str, split: Sequence[tuple[str | None, int | None, float]], *, sticky: bool, at: datetime
    ) -> None:
        """Replace a deployment's split: alias or number, and weight, of versions of its model; none ends it."""

    def put_shadow(self, name: str, shadow: tuple[str | None, int | None, float] | None, *, at: datetime) -> None:
        """Replace a deployment's shadow: alias or number of a version of its model, and share; None ends it."""

    def put_log(self, name: str, settings: LogSettings, *, at: datetime) -> None:
        """Replace what a deployment's prediction log keeps."""

    def delete_deployment(self, name: str, *, keep_keys: bool = False) -> None:
        """Delete a deployment with its split, its shadow and, unless they are kept, its own keys."""

    def change_counter(self) -> int:
        """One counter for all spaces."""

    def count_change(self) -> None:
        """Raise the counter: something that deployments follow has changed."""


class Store(Protocol):
    """Keeps the registry's records."""

    def reading(self, space: str = DEFAULT_SPACE) -> AbstractContextManager[Records]:
        """Open a snapshot: all reads inside see one moment."""

    def writing(self, space: str = DEFAULT_SPACE) -> AbstractContextManager[Records]:
        """Open the one writing transaction there can be at a time, over all processes; an exception undoes it."""


class Artifacts(Protocol):
    """Keeps scoring pipelines by digest (``sha256:…``)."""

    def put(self, digest: str, content: bytes) -> None:
        """Store ``content``, whole or not at all; nothing to do when it is there."""

    def has(self, digest: str) -> bool: ...

    def path(self, digest: str) -> Path:
        """Return a local file with the content; raise NotFound when there is none."""

    def delete(self, digest: str) -> None:
        """Remove the content if it is there."""

    def digests(self) -> Iterator[str]:
        """Everything that is kept, in no order."""
