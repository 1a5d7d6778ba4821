"""``/metrics``: the totals of all workers, as Prometheus and OpenMetrics read them."""

from __future__ import annotations

import asyncio
import platform
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import Metric as Family
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.routing import Route

import scoreline
from scoreline.serving.metrics import BUILD, METRICS, STARTED, Metric
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.totals import Key
from scoreline.web.endpoint import Endpoint, WriteError
from scoreline.web.watch import Watch

Samples = list[tuple[tuple[str, ...], float]]


def metrics_route(watch: Watch, write_error: WriteError) -> Route:
    """Return ``/metrics``."""

    async def metrics(request: Request) -> Reply:
        watch.meters.count()
        watch.meters.measure()
        body, media_type = await asyncio.to_thread(exposition, watch, request.headers.get("accept", ""))
        return Reply(body, media_type)

    return Route("/metrics", Endpoint({"GET": metrics}, write_error))


def exposition(watch: Watch, accept: str = "") -> tuple[bytes, str]:
    """Write the metrics as ``accept`` asks: OpenMetrics, else Prometheus' text; also return the content type."""
    encode, media_type = choose_encoder(accept)
    return encode(_Families(watch.meters.totals.read(), watch.seat.started_at)), media_type


class _Families(Collector):
    """Totals as the families of samples that prometheus_client writes."""

    def __init__(self, totals: Mapping[Key, float], started_at: float) -> None:
        self._samples: dict[str, Samples] = defaultdict(list)
        for (name, *labels), number in sorted(totals.items()):
            self._samples[name].append((tuple(labels), number))
        self._samples[STARTED.name] = [((), started_at)]
        self._samples[BUILD.name] = [((scoreline.__version__, platform.python_version()), 1)]

    def collect(self) -> Iterator[Family]:
        """Yield every metric; one that nothing was counted for has a description and no samples."""
        for metric in METRICS:
            samples = self._samples[metric.name]
            if metric.kind == "histogram":
                yield _histogram(metric, samples)
                continue
            made = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = made(metric.name, metric.help, labels=metric.labels)
            for labels, number in samples:
                family.add_metric(labels, number)
            yield family


def _histogram(metric: Metric, samples: Samples) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    found: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for (*labels, bucket), number in samples:
        found[tuple(labels)][bucket] = number
    bounds = [*(f"{bound:g}" for bound in metric.bounds), "+Inf"]
    for values, buckets in found.items():
        counts = accumulate(buckets.get(bound, 0) for bound in bounds)
        family.add_metric(values, list(zip(bounds, counts, strict=True)), buckets["sum"])
    return family
