"""What answers for a deployment, and what a deployment says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.entities import LogSettings, full_name, log_name
from scoreline.scoring.pipeline import ScoringPipeline


@dataclass(frozen=True, slots=True, eq=False)
class Active:
    """A version that answers. A request resolves it once and keeps it, so that a swap never touches a request."""

    name: str
    model: str
    version: int
    digest: str
    pipeline: ScoringPipeline
    loaded_at: datetime
    log: LogSettings = field(default_factory=LogSettings)
    shadow: Active | None = None
    """Scores a part of the same requests as well; nobody waits for its answers."""
    shadow_share: float = 0.0
    """Percent of the requests that ``shadow`` scores."""
    alike: bool = False
    """Whether ``shadow`` makes the same Rows of a request as this version."""
    id: str = ""
    """The deployment's."""
    space: str = DEFAULT_SPACE
    space_id: str = ""
    full_name: str = field(init=False)
    """What the deployment is called where all spaces come together: logs, metrics."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "full_name", full_name(self.name, self.space))

    @property
    def log_name(self) -> str:
        """What the deployment is called in the prediction log, which outlives it and its space: see ``log_name``."""
        return log_name(self.name, self.space, self.space_id)


Status = Literal["ready", "held", "failed"]


class PartState(msgspec.Struct, frozen=True, kw_only=True):
    """A version beside the one that answers, and why it does not take part."""

    reference: str
    version: int
    digest: str
    percent: float
    """Percent of the requests that it answers or, as a shadow, scores as well."""
    status: Literal["ready", "failed"]
    reason: str = ""


class DeploymentState(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment answers with, and why not with what it should."""

    id: str = ""
    space: str = DEFAULT_SPACE
    name: str
    model: str
    reference: str
    default: bool
    status: Status
    """``ready``; ``held``: the wanted version failed and an earlier one goes on answering; ``failed``: none answers."""
    version: int | None
    """The version that answers."""
    digest: str | None
    wanted_version: int
    previous_version: int | None
    """Kept loaded: a rollback to it is instant."""
    loaded_at: datetime | None
    reason: str = ""
    """Why the wanted version does not answer."""
    percent: float = 100.0
    """Percent of the requests that ``version`` answers: what the split leaves, or what fails there."""
    split: tuple[PartState, ...] = ()
    sticky: bool = False
    """Whether requests with the same key are answered by the same version."""
    shadow: PartState | None = None
    log: LogSettings = LogSettings()

    @property
    def full_name(self) -> str:
        """What the deployment is called where all spaces come together."""
        return full_name(self.name, self.space)
