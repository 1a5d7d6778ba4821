"""Settings, and the application that they open."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import copy
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args
from urllib.parse import unquote, urlsplit

from scoreline.app import environment as read
from scoreline.app.variables import DEFAULT_HOME
from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.errors import BadSetting, Unavailable

if TYPE_CHECKING:
    from scoreline.app.assets.store import AssetStore
    from scoreline.registry import Registry
    from scoreline.security import Security
    from scoreline.storage.metadata import MetadataStore

RequestLog = Literal["all", "errors", "off"]
REQUEST_LOGS: tuple[RequestLog, ...] = get_args(RequestLog)


class Settings(NamedTuple):
    """Where state lives. `Settings.of` fills in what is not given."""

    home: Path
    database_url: str
    artifacts_url: str
    space: str = DEFAULT_SPACE
    fast_lane: bool = True
    prediction_log: bool = True
    prediction_log_days: int | None = None
    """None: all."""
    prediction_log_segment_mb: float = 32.0
    prediction_log_segment_seconds: float = 60.0
    workers: str = "1"
    stuck_seconds: float = 30.0
    max_body_mb: float = 64.0
    max_bodies_mb: float = 512.0
    max_pending: int | None = None
    """None: any number."""
    max_jobs: int = 1000
    job_days: int | None = 30
    """None: all."""
    max_connections: int = 20_000
    cors_origins: tuple[str, ...] = ()
    data_folder: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    https_only: bool = False
    allow_pickle: bool = False
    request_log: RequestLog = "all"
    secret: read.Secret | None = None
    """None: the one in the database."""

    @classmethod
    def of(
        cls,
        *,
        home: Path | str | None = None,
        database_url: str | None = None,
        artifacts_url: str | None = None,
        space: str | None = None,
        fast_lane: bool | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """Return the settings given, else those of the environment, else the defaults.

        Empty text counts as not given. Raises BadSetting.
        """
        given = os.environ if environment is None else environment
        chosen = home or given.get("SCORELINE_HOME") or DEFAULT_HOME
        try:
            folder = Path(chosen).expanduser().absolute()
        except RuntimeError:  # no home directory to put for ~
            raise BadSetting(
                f"home {str(chosen)!r}: this user has no home directory", hint="set SCORELINE_HOME"
            ) from None
        return cls(
            home=folder,
            database_url=database_url
            or given.get("SCORELINE_DATABASE_URL")
            or f"sqlite:///{(folder / 'scoreline.db').as_posix()}",
            artifacts_url=artifacts_url or given.get("SCORELINE_ARTIFACTS_URL") or str(folder / "artifacts"),
            space=space or given.get("SCORELINE_SPACE") or DEFAULT_SPACE,
            fast_lane=read.switch("SCORELINE_FAST_LANE", given, "on") if fast_lane is None else fast_lane,
            prediction_log=read.switch("SCORELINE_PREDICTION_LOG", given, "on"),
            prediction_log_days=read.days("SCORELINE_PREDICTION_LOG_DAYS", given),
            prediction_log_segment_mb=read.positive("SCORELINE_PREDICTION_LOG_SEGMENT_MB", given, 32.0),
            prediction_log_segment_seconds=read.positive("SCORELINE_PREDICTION_LOG_SEGMENT_SECONDS", given, 60.0),
            workers=given.get("SCORELINE_WORKERS") or "1",
            stuck_seconds=read.seconds("SCORELINE_STUCK_SECONDS", given, 30.0),
            max_body_mb=read.positive("SCORELINE_MAX_BODY_MB", given, 64.0),
            max_bodies_mb=read.positive("SCORELINE_MAX_BODIES_MB", given, 512.0),
            max_pending=read.whole("SCORELINE_MAX_PENDING", given),
            max_jobs=read.whole("SCORELINE_MAX_JOBS", given) or 1000,
            job_days=read.days("SCORELINE_JOB_DAYS", given, "30"),
            max_connections=read.whole("SCORELINE_MAX_CONNECTIONS", given) or 20_000,
            cors_origins=read.origins("SCORELINE_CORS_ORIGINS", given.get("SCORELINE_CORS_ORIGINS", "").split(",")),
            data_folder=Path(data_folder).expanduser() if (data_folder := given.get("SCORELINE_DATA_FOLDER")) else None,
            trusted_proxies=read.proxies(
                "SCORELINE_TRUSTED_PROXIES", given.get("SCORELINE_TRUSTED_PROXIES", "").split(",")
            ),
            https_only=read.switch("SCORELINE_HTTPS_ONLY", given, "off"),
            allow_pickle=read.switch("SCORELINE_ALLOW_PICKLE", given, "off"),
            request_log=_request_log("SCORELINE_REQUEST_LOG", given),
            secret=read.secret("SCORELINE_SECRET", given),
        )

    @property
    def artifacts_folder(self) -> Path:
        """The folder of ``artifacts_url``. Raises BadSetting when it is not one."""
        if "://" not in self.artifacts_url:
            return Path(self.artifacts_url).expanduser().absolute()
        parts = urlsplit(self.artifacts_url)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            raise BadSetting(
                f"artifacts URL {self.artifacts_url!r} is not supported", hint="a folder: /path or file:///path"
            )
        return Path(unquote(parts.path))


def _request_log(variable: str, environment: Mapping[str, str]) -> RequestLog:
    text = environment.get(variable) or "all"
    for which in REQUEST_LOGS:
        if which == text:
            return which
    raise BadSetting(f"{variable} is {text!r}: expected one of {', '.join(REQUEST_LOGS)}", hint="all is the default")


def folder_of_space(home: Path, space_id: str) -> Path:
    """Return where files of a space lie that is not the default one. Names hold what no folder's should, and recur."""
    return home / "spaces" / space_id


class App:
    """The opened application: what every use case is given first.

    Stores open at first use, so that scoring a file opens none.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def home(self) -> Path:
        """The folder where state lives, made at first use. Raises Unavailable when it cannot be made."""
        home = self.settings.home
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"home {home} cannot be made: {error.strerror}", hint="choose another with --home or SCORELINE_HOME"
            ) from None
        return home

    @property
    def experiments_folder(self) -> Path:
        """Where the space's experiments are recorded, one folder each."""
        space = self.settings.space
        return (self.home if space == DEFAULT_SPACE else folder_of_space(self.home, self.space_id)) / "experiments"

    @cached_property
    def space_id(self) -> str:
        """The id of the space. Raises NotFound when there is no such space."""
        return self.security.space(self.settings.space).id

    def in_space(self, space: str) -> App:
        """Return this application for the use cases of another space; stores that are open are shared."""
        if space == self.settings.space:
            return self
        _ = self._metadata
        made = copy(self)
        made.settings = self.settings._replace(space=space)
        for of_space in ("registry", "space_id"):
            made.__dict__.pop(of_space, None)
        return made

    @cached_property
    def registry(self) -> Registry:
        """Models, versions, aliases, deployments of the space. Raises NotFound when there is no such space."""
        from scoreline.registry import Registry
        from scoreline.storage.artifacts import LocalArtifacts

        registry = Registry(self._metadata, LocalArtifacts(self.settings.artifacts_folder), self.settings.space)
        if registry.space != DEFAULT_SPACE:
            registry.check_space()
        return registry

    def registry_in(self, space: str) -> Registry:
        """Return the registry of another space. Raises NotFound when there is no such space."""
        return self.in_space(space).registry

    @cached_property
    def security(self) -> Security:
        """Keys, users, tokens, spaces, the audit log."""
        from scoreline.app.spaces import forget
        from scoreline.security import Security
        from scoreline.storage.security import SecurityMetadata

        settings = self.settings
        return Security(
            SecurityMetadata(self._metadata),
            settings.secret,
            on_space_deleted=lambda space: forget(settings, space.id),
        )

    @cached_property
    def assets(self) -> AssetStore:
        """What dialects keep beside the registry."""
        from scoreline.storage.assets import MetadataAssets

        return MetadataAssets(self._metadata)

    @cached_property
    def _metadata(self) -> MetadataStore:
        from scoreline.storage.metadata import MetadataStore

        if self.settings.database_url.startswith("sqlite"):
            _ = self.home
        return MetadataStore(self.settings.database_url)

    def close(self) -> None:
        """Close the stores that were opened."""
        if "_metadata" in self.__dict__:
            self._metadata.close()

    def __enter__(self) -> App:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_app(settings: Settings | None = None) -> App:
    """Open the application on ``settings``, by default those of the environment."""
    return App(settings or Settings.of())
