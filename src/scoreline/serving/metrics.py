"""Every metric there is: its name, its labels, what it says. ``web/metrics.py`` shows them."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]
Key = tuple[str, ...]
"""A metric's name and its label values; of a histogram then a bucket's upper bound, or ``sum``."""

SECONDS = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)
LOAD_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
REQUESTS_A_RUN = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
ROWS_A_RUN = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0)


class Metric(NamedTuple):
    """An operational number over time, named after Prometheus' conventions: base units, counters end in ``_total``."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    bounds: tuple[float, ...] = ()
    """Histogram: the upper bounds of its buckets, without infinity."""


def bucket_name(bound: float | None) -> str:
    """Return how a bucket is called after its bound; None is infinity."""
    return "+Inf" if bound is None else repr(float(bound))


REQUESTS = Metric(
    "scoreline_requests_total",
    "counter",
    ("deployment", "version", "dialect", "status"),
    "Requests by HTTP status; 499: the caller left first. Dialect `other`: all that are no score requests.",
)
ROWS = Metric("scoreline_rows_total", "counter", ("deployment", "version"), "Rows that were scored.")
ERRORS = Metric(
    "scoreline_errors_total",
    "counter",
    ("deployment", "kind", "code"),
    "Requests that were answered with an error.",
)
DURATION = Metric(
    "scoreline_request_duration_seconds",
    "histogram",
    ("deployment", "phase"),
    "Time of scored requests by phase: receive, wait, decode, score, encode, and total.",
    SECONDS,
)
IN_FLIGHT = Metric(
    "scoreline_requests_in_flight", "gauge", (), "Requests that have no answer yet; those of probes do not count."
)
RUN_REQUESTS = Metric(
    "scoreline_run_requests", "histogram", ("deployment",), "Requests that were scored in one run.", REQUESTS_A_RUN
)
RUN_ROWS = Metric("scoreline_run_rows", "histogram", ("deployment",), "Rows that were scored in one run.", ROWS_A_RUN)
CHECKED_ROWS = Metric(
    "scoreline_checked_rows_total",
    "counter",
    ("deployment",),
    "Rows that were searched for missing and unseen values: all of them, or of many a part.",
)
MISSING = Metric(
    "scoreline_missing_values_total", "counter", ("deployment", "column"), "Missing values in the checked rows."
)
UNSEEN = Metric(
    "scoreline_unseen_values_total",
    "counter",
    ("deployment", "column"),
    "Values in the checked rows that are no level of their category in training.",
)
LOADS = Metric(
    "scoreline_model_load_duration_seconds",
    "histogram",
    ("deployment", "result"),
    "Versions loaded and self-tested, by result: ok, failed.",
    LOAD_SECONDS,
)
LOG_RECORDS = Metric(
    "scoreline_prediction_log_records_total",
    "counter",
    ("deployment", "result"),
    "Records of the prediction log, by result: written, lost.",
)
SHADOW = Metric(
    "scoreline_shadow_requests_total",
    "counter",
    ("deployment", "result"),
    "Requests chosen for the shadow version, by result: scored, dropped, failed.",
)
CONNECTIONS = Metric("scoreline_connections", "gauge", (), "Open connections.")
WORKERS = Metric("scoreline_workers", "gauge", (), "Worker processes that answer.")
DEATHS = Metric(
    "scoreline_worker_deaths_total", "counter", (), "Workers that ended without being asked to, and were replaced."
)
MEMORY = Metric("scoreline_resident_memory_bytes", "gauge", ("worker",), "Resident memory of a worker.")
CPU = Metric("scoreline_cpu_seconds_total", "counter", ("worker",), "Processor time of a worker, user and system.")
STARTED = Metric("scoreline_process_start_time_seconds", "gauge", (), "When the server started, in seconds since 1970.")
BUILD = Metric(
    "scoreline_build_info", "gauge", ("version", "python"), "Always 1; the version of Scoreline and of Python."
)

METRICS: tuple[Metric, ...] = (
    REQUESTS,
    ROWS,
    ERRORS,
    DURATION,
    IN_FLIGHT,
    RUN_REQUESTS,
    RUN_ROWS,
    CHECKED_ROWS,
    MISSING,
    UNSEEN,
    LOADS,
    LOG_RECORDS,
    SHADOW,
    CONNECTIONS,
    WORKERS,
    DEATHS,
    MEMORY,
    CPU,
    STARTED,
    BUILD,
)
"""The one list."""
