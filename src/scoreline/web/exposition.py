"""Totals as Prometheus and OpenMetrics read them.

Formats: https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from scoreline.serving.metrics import METRICS, Key, Metric, bucket_name

Sample = tuple[tuple[str, ...], float]


class Form(NamedTuple):
    """One of the two ways to write metrics."""

    media_type: str
    family_suffix: str
    """What the name of a counter loses where the counter is described."""
    end: str


PROMETHEUS = Form("text/plain; version=0.0.4; charset=utf-8", "", "")
OPENMETRICS = Form("application/openmetrics-text; version=1.0.0; charset=utf-8", "_total", "# EOF\n")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def choose_form(accept: str) -> Form:
    """Return the form that a caller reads best."""
    return OPENMETRICS if "application/openmetrics-text" in accept else PROMETHEUS


def write_metrics(totals: Mapping[Key, float], form: Form) -> bytes:
    """Write every metric. One that nothing was counted for has a description and no samples."""
    samples: dict[str, list[Sample]] = defaultdict(list)
    for key in sorted(totals):
        samples[key[0]].append((key[1:], totals[key]))
    lines: list[str] = []
    for metric in METRICS:
        family = metric.name.removesuffix(form.family_suffix)
        lines.append(f"# HELP {family} {metric.help}\n# TYPE {family} {metric.kind}\n")
        lines += (_histogram if metric.kind == "histogram" else _plain)(metric, samples[metric.name])
    lines.append(form.end)
    return "".join(lines).encode()


def _plain(metric: Metric, samples: Iterable[Sample]) -> Iterator[str]:
    for values, number in samples:
        labels = _labels(metric, values)
        yield f"{metric.name}{{{labels}}} {_number(number)}\n" if labels else f"{metric.name} {_number(number)}\n"


def _histogram(metric: Metric, samples: Iterable[Sample]) -> Iterator[str]:
    series: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for values, number in samples:
        series[values[:-1]][values[-1]] = number
    bounds = [*map(bucket_name, metric.bounds), bucket_name(None)]
    for values, found in series.items():
        labels, n = _labels(metric, values), 0
        for bound in bounds:
            n += int(found.get(bound, 0))
            yield f'{metric.name}_bucket{{{labels},le="{bound}"}} {n}\n'
        yield f"{metric.name}_count{{{labels}}} {n}\n{metric.name}_sum{{{labels}}} {_number(found['sum'])}\n"


def _labels(metric: Metric, values: Iterable[str]) -> str:
    return ",".join(
        [f'{name}="{value.translate(_ESCAPES)}"' for name, value in zip(metric.labels, values, strict=True)]
    )


def _number(number: float) -> str:
    whole = int(number)
    return str(whole) if whole == number else repr(number)
