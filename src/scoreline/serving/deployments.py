"""Which scoring pipelines answer now. They follow the registry, and no request fails while they change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

from scoreline.core.entities import Deployment
from scoreline.core.errors import NotFound, Unavailable
from scoreline.serving.active import Active, DeploymentState
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

    def deployments(self) -> Iterable[Deployment]: ...

    def artifact(self, digest: str) -> Path: ...


class ActiveDeployments:
    """Loaded scoring pipelines by deployment name, following ``source``.

    A new version is loaded and self-tested in the following thread and switched to in one assignment; the one before it
    stays loaded. A version that fails is not switched to. Readers take no lock. ``on_load`` is told of each load.
    """

    def __init__(
        self, source: Source, *, on_load: OnLoad | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.problem = ""
        """Why the source cannot be followed at the moment; deployments go on answering."""
        self._source = source
        self._clock = clock
        self._slots: dict[str, Slot] = {}
        self._pipelines = Pipelines(source.artifact, on_load)
        self._default = ""
        self._counter: int | None = None
        self._refreshing = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def get(self, name: str | None = None) -> Active:
        """Return the version that answers for deployment ``name``, or for the default deployment, beside any split.

        Raises NotFound, or Unavailable when no version of the deployment works.
        """
        slot = self._slots.get(self._default if name is None else name)
        if slot is None:
            raise self._not_found(name)
        if slot.active is None:
            raise Unavailable(
                f"deployment `{slot.wanted.name}` has no version that works: {slot.reason}",
                hint=f"register a version of `{slot.wanted.model}` that loads and promote it, or roll back",
            )
        return slot.active

    def route(self, name: str | None = None, key: str = "") -> Active:
        """Return the version that answers a request to deployment ``name``, or to the default deployment.

        Where the requests are split over versions, chance decides or, if the split is sticky, the request's ``key``
        (empty: it has none). Raises as ``get`` does.
        """
        slot = self._slots.get(self._default if name is None else name)
        if slot is None or slot.active is None:
            return self.get(name)
        return slot.active if slot.split is None else slot.split.choose(key)

    def answering(self, name: str | None = None) -> list[Active]:
        """Return all versions that answer requests to a deployment. Raises as ``get`` does."""
        active = self.get(name)
        slot = self._slots.get(self._default if name is None else name)
        return [active, *(part.active for part in (slot.shares if slot else ()) if part.active is not None)]

    @property
    def were_tried(self) -> bool:
        """Whether every deployment that was there at the start has been loaded, or has failed to be."""
        return self._counter is not None

    def __iter__(self) -> Iterator[Active]:
        return iter([slot.active for slot in self._slots.values() if slot.active is not None])

    @property
    def names(self) -> list[str]:
        return sorted(self._slots)

    @property
    def default(self) -> str | None:
        """The deployment that answers the dialects which know one model only."""
        return self._default or None

    def states(self) -> list[DeploymentState]:
        """Every deployment, by name."""
        slots, default = self._slots, self._default
        return [slots[name].state(default) for name in sorted(slots)]

    def state(self, name: str) -> DeploymentState:
        """One deployment. Raises NotFound."""
        slot = self._slots.get(name)
        if slot is None:
            raise self._not_found(name)
        return slot.state(self._default)

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
            wanted = {deployment.name: deployment for deployment in self._source.deployments()}
            for name, deployment in wanted.items():
                slot = switch(self._slots.get(name), deployment, self._pipelines, self._clock())
                self._slots = {**self._slots, name: slot}
            self._default = _default_of(wanted)
            self._slots = {name: slot for name, slot in self._slots.items() if name in wanted}
            self._pipelines.keep({active.digest for slot in self._slots.values() for active in slot.actives})
            self._counter = counter

    def _retry_is_due(self) -> bool:
        now = self._clock()
        return any(slot.failed and now - slot.at >= RETRY_SECONDS for slot in self._slots.values())

    def _follow(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            try:
                self.refresh()
                self.problem = ""
            except Exception as error:
                if not self.problem:
                    log.exception("the registry cannot be followed; deployments go on as they are")
                self.problem = f"the registry cannot be followed: {type(error).__name__}"

    def _not_found(self, name: str | None) -> NotFound:
        names = self.names
        if not names:
            hint = "nothing is deployed; `scoreline deploy MODEL` deploys a registered model"
        elif name is not None and (close := get_close_matches(name, names, n=1)):
            hint = f"did you mean `{close[0]}`? deployments: {', '.join(names)}"
        else:
            hint = f"deployments: {', '.join(names)}"
        message = f"no deployment is named `{name}`" if name is not None else "there is no default deployment"
        return NotFound(message, hint=hint)


def _default_of(wanted: dict[str, Deployment]) -> str:
    """Return the deployment marked default, or the only one there is; empty: none."""
    marked = [name for name, deployment in wanted.items() if deployment.default]
    if marked:
        return marked[0]
    return next(iter(wanted)) if len(wanted) == 1 else ""
