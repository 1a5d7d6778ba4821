"""What can be set, by an option or in the environment: the one list."""

from __future__ import annotations

from typing import NamedTuple

DEFAULT_HOME = "~/.scoreline"


class Setting(NamedTuple):
    """One thing that can be set, by an option or in the environment."""

    name: str
    variable: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting("home", "SCORELINE_HOME", DEFAULT_HOME, "Folder where state lives, unless the two URLs say otherwise."),
    Setting(
        "database_url",
        "SCORELINE_DATABASE_URL",
        "sqlite:///HOME/scoreline.db",
        "Where metadata lives: a SQLite file, or PostgreSQL (`postgresql://user@host/name`).",
    ),
    Setting(
        "artifacts_url",
        "SCORELINE_ARTIFACTS_URL",
        "HOME/artifacts",
        "Where scoring pipelines live: a folder, as a path or as `file:///path`.",
    ),
    Setting("space", "SCORELINE_SPACE", "default", "The space that a command works in, where it is not told another."),
    Setting(
        "fast_lane",
        "SCORELINE_FAST_LANE",
        "on",
        "`off`: scoring requests take the slower way of all other requests; the answers are the same.",
    ),
    Setting(
        "prediction_log",
        "SCORELINE_PREDICTION_LOG",
        "on",
        "`off`: answers leave no record, whatever the deployments say.",
    ),
    Setting(
        "prediction_log_days",
        "SCORELINE_PREDICTION_LOG_DAYS",
        "all",
        "How many days, before today in UTC, the prediction log keeps.",
    ),
    Setting(
        "prediction_log_segment_mb",
        "SCORELINE_PREDICTION_LOG_SEGMENT_MB",
        "32",
        "How large a segment of the prediction log becomes, in megabytes, before it may become a table.",
    ),
    Setting(
        "prediction_log_segment_seconds",
        "SCORELINE_PREDICTION_LOG_SEGMENT_SECONDS",
        "60",
        "How old a segment of the prediction log becomes before it may become a table.",
    ),
    Setting(
        "secret",
        "SCORELINE_SECRET",
        "made and kept in the database",
        "What tokens are signed with and deployments' own keys are derived from: 32 characters or more."
        " Another one ends all of them.",
    ),
    Setting("workers", "SCORELINE_WORKERS", "1", "Processes that answer, or `auto`: one for each core."),
    Setting(
        "stuck_seconds",
        "SCORELINE_STUCK_SECONDS",
        "30",
        "How long the event loop of a worker may stand still before the worker is replaced; `0`: for ever.",
    ),
    Setting("max_body_mb", "SCORELINE_MAX_BODY_MB", "64", "The largest body of a request, in megabytes."),
    Setting(
        "max_bodies_mb",
        "SCORELINE_MAX_BODIES_MB",
        "512",
        "How much of bodies a worker holds at a time, in megabytes: what arrives, waits or is answered.",
    ),
    Setting(
        "max_pending",
        "SCORELINE_MAX_PENDING",
        "any number",
        "How many requests of one deployment may wait for their answers in a worker.",
    ),
    Setting(
        "max_jobs", "SCORELINE_MAX_JOBS", "1000", "How many jobs a space keeps: the oldest that have ended go first."
    ),
    Setting("job_days", "SCORELINE_JOB_DAYS", "30", "How many days a job is kept after it has ended; `all`: for ever."),
    Setting("max_connections", "SCORELINE_MAX_CONNECTIONS", "20000", "How many connections a worker has at most."),
    Setting(
        "cors_origins",
        "SCORELINE_CORS_ORIGINS",
        "no site",
        "Sites whose scripts may ask, from a browser: `https://a.example,http://localhost:3000`; `*` is every site.",
    ),
    Setting(
        "data_folder",
        "SCORELINE_DATA_FOLDER",
        "none",
        "The folder whose CSV files callers may name in place of rows, where their dialect has that.",
    ),
    Setting(
        "trusted_proxies",
        "SCORELINE_TRUSTED_PROXIES",
        "nobody",
        "Proxies that may say for whom they ask, in `X-Forwarded-*` or `Forwarded`: addresses and networks,"
        " `10.0.0.7,192.168.0.0/16`; `*` is everybody who can reach the server.",
    ),
    Setting(
        "https_only",
        "SCORELINE_HTTPS_ONLY",
        "off",
        "`on`: what comes by HTTP is led to HTTPS or refused; probes are answered.",
    ),
    Setting(
        "allow_pickle",
        "SCORELINE_ALLOW_PICKLE",
        "off",
        "`on`: who imports a pickle and says `--trust` has the code in it run, confined; else pickles are refused.",
    ),
    Setting(
        "request_log",
        "SCORELINE_REQUEST_LOG",
        "all",
        "Which requests have a line in the log: `all`, `errors` (those answered with 400 and above) or `off`.",
    ),
)
"""The one list; `docs/settings.md` shows it."""
