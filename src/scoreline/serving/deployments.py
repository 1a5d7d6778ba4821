"""Which scoring pipelines answer now. They follow the registry, and no request fails while they change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Protocol

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.entities import Deployment
from scoreline.core.errors import NotFound, Unavailable
from scoreline.serving.active import Active, DeploymentState
from scoreline.serving.directory import Directory, no_deployment
from scoreline.serving.pipelines import OnLoad, Pipelines
from scoreline.serving.slot import Slot, switch

POLL_SECONDS = 0.25
"""How often the registry is asked whether anything changed."""
RETRY_SECONDS = 15.0
"""How long a version that failed to load rests before it is tried again."""

log = logging.getLogger("scoreline.serving")


class Source(Protocol):
    """What is followed: the registry, or anything that knows deployments and holds their files."""

    def change_counter(self) -> int: ...

    def every_deployment(self) -> Iterable[Deployment]:
        """Return the deployments of all spaces."""

    def artifact(self, digest: str) -> Path: ...


class ActiveDeployments:
    """Loaded scoring pipelines by space and deployment, following ``source``.

    A new version is loaded and self-tested in the following thread and switched to in one assignment; the one before it
    stays loaded. A version that fails is not switched to. Readers take no lock. ``on_load`` is told of each load.

    A deployment is found by its name within a space or, whichever space it is in, by its id: who asks for somebody else
    checks that they may have what was found, by its ``space`` and ``name``.
    """

    def __init__(
        self, source: Source, *, on_load: OnLoad | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.problem = ""
        """Why the source cannot be followed at the moment; deployments go on answering."""
        self._source = source
        self._clock = clock
        self._directory = Directory()
        self._pipelines = Pipelines(source.artifact, on_load)
        self._counter: int | None = None
        self._refreshing = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def get(self, name: str | None = None, space: str = DEFAULT_SPACE, known: Collection[str] | None = None) -> Active:
        """Return the version that answers for deployment ``name``, or the space's default one, beside any split.

        Raises NotFound, or Unavailable when no version of the deployment works. No error names deployments beside those
        that are ``known`` to the caller; None: all of the space.
        """
        return self._answering(name, space, known)[1]

    def route(
        self,
        name: str | None = None,
        key: str = "",
        space: str = DEFAULT_SPACE,
        known: Collection[str] | None = None,
    ) -> Active:
        """Return the version that answers a request to deployment ``name``, or to the space's default one.

        Where the requests are split over versions, chance decides or, if the split is sticky, the request's ``key``
        (empty: it has none). Raises as ``get`` does.
        """
        slot = self._directory.find(name, space)
        if slot is None or slot.active is None:
            return self.get(name, space, known)
        return slot.active if slot.split is None else slot.split.choose(key)

    def answering(self, name: str | None = None, space: str = DEFAULT_SPACE) -> list[Active]:
        """Return all versions that answer requests to a deployment. Raises as ``get`` does."""
        slot, active = self._answering(name, space)
        return [active, *(part.active for part in slot.shares if part.active is not None)]

    def of_version(self, active: Active, version: str) -> Active:
        """Return the version that a request names, of those that answer for the deployment of ``active``.

        Raises NotFound when that is none of them.
        """
        if version == str(active.version):
            return active
        there = {str(each.version): each for each in self.answering(active.name, active.space)}
        if version not in there:
            raise NotFound(
                f"version `{version}` of deployment `{active.name}` does not answer here",
                hint=f"those that do: {', '.join(there)}",
            )
        return there[version]

    @property
    def were_tried(self) -> bool:
        """Whether every deployment that was there at the start has been loaded, or has failed to be."""
        return self._counter is not None

    def actives(self, space: str = DEFAULT_SPACE) -> list[Active]:
        """Return the version that answers, beside any split, of each deployment of a space that works, by name."""
        return [slot.active for slot in self._directory.in_space(space) if slot.active is not None]

    def names_in(self, space: str = DEFAULT_SPACE) -> list[str]:
        """Return the names of a space's deployments."""
        return [slot.wanted.name for slot in self._directory.in_space(space)]

    def default_in(self, space: str = DEFAULT_SPACE) -> str | None:
        """Return the deployment that answers the dialects which know one model only."""
        slot = self._directory.default_in(space)
        return None if slot is None else slot.wanted.name

    def full_name(self, name: str | None, space: str = DEFAULT_SPACE) -> str:
        """Return what a deployment of a space is called where all come together; empty: it has none of the name or id.

        Somebody who asks for another space's by its id leaves no trace in what is counted of that.
        """
        slot = self._directory.find(name, space)
        return "" if slot is None or slot.wanted.space != space else slot.wanted.full_name

    def states(self, space: str = DEFAULT_SPACE) -> list[DeploymentState]:
        """Return every deployment of a space, by name."""
        return list(map(self._state, self._directory.in_space(space)))

    def all_states(self) -> list[DeploymentState]:
        """Return every deployment there is, by space and name."""
        return list(map(self._state, self._directory.everywhere()))

    def state(self, name: str, space: str = DEFAULT_SPACE, known: Collection[str] | None = None) -> DeploymentState:
        """Return one deployment. Raises NotFound."""
        return self._state(self._slot(name, space, known))

    def start(self) -> None:
        """Load everything, then follow the source from a thread until ``close``."""
        self.refresh()
        self._thread = threading.Thread(target=self._follow, name="scoreline-deployments", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following. What is loaded goes on answering."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def refresh(self) -> None:
        """Make what answers equal to what the source wants; do nothing where nothing changed."""
        with self._refreshing:
            counter = self._source.change_counter()
            if counter == self._counter and not self._retry_is_due():
                return
            wanted = list(self._source.every_deployment())
            slots = []
            for deployment in wanted:
                before = self._directory.named(deployment.name, deployment.space)
                if before is not None and before.wanted.id != deployment.id:
                    before = None  # another deployment had this name
                slots.append(switch(before, deployment, self._pipelines, self._clock()))
                self._directory = self._directory.replacing(slots[-1])
            self._directory = Directory(slots)
            self._pipelines.keep({active.digest for slot in slots for active in slot.actives})
            self._counter = counter

    def _retry_is_due(self) -> bool:
        now = self._clock()
        return any(slot.failed and now - slot.at >= RETRY_SECONDS for slot in self._directory.everywhere())

    def _follow(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            try:
                self.refresh()
                self.problem = ""
            except Exception as error:
                if not self.problem:
                    log.exception("the registry cannot be followed; deployments go on as they are")
                self.problem = f"the registry cannot be followed: {type(error).__name__}"

    def _slot(self, name: str | None, space: str, known: Collection[str] | None = None) -> Slot:
        slot = self._directory.find(name, space)
        if slot is None:
            raise self._not_found(name, space, known)
        return slot

    def _answering(self, name: str | None, space: str, known: Collection[str] | None = None) -> tuple[Slot, Active]:
        slot = self._slot(name, space, known)
        if slot.active is not None:
            return slot, slot.active
        wanted = slot.wanted
        if wanted.space != space or (known is not None and wanted.name not in known):
            raise self._not_found(name, space, known)  # what it lacks is told to those who may know that it is there
        raise Unavailable(
            f"deployment `{wanted.name}` has no version that works: {slot.reason}",
            hint=f"register a version of `{wanted.model}` that loads and promote it, or roll back",
        )

    def _not_found(self, name: str | None, space: str, known: Collection[str] | None) -> NotFound:
        return no_deployment(name, [each for each in self.names_in(space) if known is None or each in known])

    def _state(self, slot: Slot) -> DeploymentState:
        return slot.state(default=slot.wanted.name == self.default_in(slot.wanted.space))
