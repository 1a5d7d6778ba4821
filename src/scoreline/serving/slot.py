"""A deployment as it answers now: its versions, those that could not be loaded, and how requests find theirs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter

from scoreline.core.entities import Deployment, Shadow, Share
from scoreline.core.errors import ScorelineError
from scoreline.serving.active import Active, DeploymentState, PartState, Status
from scoreline.serving.pipelines import Pipelines
from scoreline.serving.split import WHOLE, Split

log = logging.getLogger("scoreline.serving")
_content = attrgetter(*(field.name for field in fields(Active)))


@dataclass(frozen=True, slots=True)
class Part:
    """A version that shares the requests or shadows them; ``active`` is None when it failed."""

    wanted: Share | Shadow
    active: Active | None
    reason: str = ""

    @property
    def percent(self) -> float:
        return self.wanted.weight if isinstance(self.wanted, Share) else self.wanted.share

    def state(self) -> PartState:
        return PartState(
            reference=self.wanted.reference,
            version=self.wanted.version,
            digest=self.wanted.digest,
            percent=self.percent,
            status="ready" if self.active else "failed",
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """What answers for a deployment. Replaced whole, never changed."""

    wanted: Deployment
    active: Active | None = None
    previous: Active | None = None
    reason: str = ""
    shares: tuple[Part, ...] = ()
    shadow: Part | None = None
    split: Split | None = None
    """None: ``active`` answers all requests."""
    at: float = 0.0
    """When it was last tried to load its versions."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The versions beside ``active``."""
        return (*self.shares, self.shadow) if self.shadow else self.shares

    @property
    def actives(self) -> list[Active]:
        """All that is loaded for it."""
        found = (self.active, self.previous, *(part.active for part in self.parts))
        return [active for active in found if active is not None]

    @property
    def failed(self) -> bool:
        """Whether a version is missing."""
        return any((self.reason, *(part.reason for part in self.parts)))

    def state(self, *, default: bool) -> DeploymentState:
        status: Status = "ready" if not self.reason else "held" if self.active else "failed"
        return DeploymentState(
            id=self.wanted.id,
            space=self.wanted.space,
            name=self.wanted.name,
            model=self.wanted.model,
            reference=self.wanted.reference,
            default=default,
            status=status,
            version=self.active.version if self.active else None,
            digest=self.active.digest if self.active else None,
            wanted_version=self.wanted.version,
            previous_version=self.previous.version if self.previous else None,
            loaded_at=self.active.loaded_at if self.active else None,
            reason=self.reason,
            percent=max(round(WHOLE - sum(part.percent for part in self.shares if part.active), 9), 0.0),
            split=tuple(part.state() for part in self.shares),
            sticky=self.wanted.sticky,
            shadow=self.shadow.state() if self.shadow else None,
            log=self.wanted.log,
        )


def switch(before: Slot | None, wanted: Deployment, pipelines: Pipelines, now: float) -> Slot:
    """Return what answers from now on: of the wanted versions, those that can be loaded.

    Where the version that is to answer fails, the one that answered goes on. It answers the share of a version of the
    split that fails, too; a shadow that fails is left out. What stays as it is stays the same object.
    """
    main, reason = _load(wanted, wanted, pipelines)
    kept = {_content(active): active for active in before.actives} if before else {}
    shadow = _part(wanted, wanted.shadow, pipelines) if wanted.shadow else None
    if shadow and shadow.active:
        shadow = replace(shadow, active=kept.setdefault(_content(shadow.active), shadow.active))

    def complete(active: Active | None) -> Active | None:
        if active is None:
            return None
        beside = shadow.active if shadow and shadow.active and shadow.active.digest != active.digest else None
        percent = shadow.percent if shadow and beside else 0.0
        alike = beside is not None and beside.pipeline.decoder.form == active.pipeline.decoder.form
        made = replace(active, log=wanted.log, shadow=beside, shadow_share=percent, alike=alike)
        return kept.setdefault(_content(made), made)

    active = complete(main or (before.active if before else None))
    shares = [_part(wanted, share, pipelines) for share in wanted.split]
    shares = [replace(part, active=complete(part.active)) for part in shares]
    slot = Slot(
        wanted,
        active,
        _previous(before, main),
        reason,
        tuple(shares),
        shadow,
        _split(wanted, active, shares),
        now,
    )
    _tell(slot, before)
    return slot


def _load(wanted: Deployment, part: Deployment | Share | Shadow, pipelines: Pipelines) -> tuple[Active | None, str]:
    try:
        found = pipelines.get(part.digest, wanted.full_name)
    except Exception as error:
        cause = str(error) if isinstance(error, ScorelineError) else f"{type(error).__name__}: {error}"
        return None, f"version {part.version} of `{wanted.model}` cannot be loaded: {cause}"
    return Active(
        name=wanted.name,
        model=wanted.model,
        version=part.version,
        digest=part.digest,
        pipeline=found.pipeline,
        loaded_at=found.at,
        log=wanted.log,
        id=wanted.id,
        space=wanted.space,
        space_id=wanted.space_id,
    ), ""


def _part(wanted: Deployment, part: Share | Shadow, pipelines: Pipelines) -> Part:
    return Part(part, *_load(wanted, part, pipelines))


def _previous(before: Slot | None, main: Active | None) -> Active | None:
    """Return what to keep for a rollback: what answered, where ``main`` is another version."""
    if before is None or main is None or before.active is None:
        return before.previous if before else None
    earlier = before.active
    if (earlier.model, earlier.version, earlier.digest) == (main.model, main.version, main.digest):
        return before.previous
    return replace(earlier, shadow=None, shadow_share=0.0, alike=False)


def _split(wanted: Deployment, main: Active | None, shares: Sequence[Part]) -> Split | None:
    if main is None or not any(share.active for share in shares):
        return None
    weighted = [(share.active or main, share.percent) for share in shares]
    return Split(wanted.full_name, weighted, main, sticky=wanted.sticky)


def _tell(slot: Slot, before: Slot | None) -> None:
    told = set(_sentences(before)) if before else set()
    for level, sentence in _sentences(slot):
        if (level, sentence) not in told:
            log.log(level, "deployment `%s`: %s", slot.wanted.full_name, sentence)


def _sentences(slot: Slot) -> Iterator[tuple[int, str]]:
    if slot.active:
        yield logging.INFO, f"version {slot.active.version} of `{slot.active.model}` answers"
    for part in slot.parts:
        if part.active:
            does = "answers" if isinstance(part.wanted, Share) else "scores, for the log only,"
            yield logging.INFO, f"version {part.wanted.version} {does} {part.percent:g} % of the requests"
    for reason in (slot.reason, *(part.reason for part in slot.parts)):
        if reason:
            yield logging.WARNING, reason
