"""What the server did, as Prometheus reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from serving.server.options import METRICS_FOLDER

# TensorFlow Serving's path, names, labels and buckets: 10 us to about 20 minutes.
PATH = "/monitoring/prometheus/metrics"
_PREFIX = ":tensorflow:serving:"
_MICROSECONDS = tuple(float(f"{10 * 1.8**power:.6g}") for power in range(33))


class Metrics:
    """The counters of a server, or of all its processes together."""

    def __init__(self) -> None:
        """Starts at zero."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            f"{_PREFIX}request_count",
            "The total number of requests.",
            ("model_name", "status"),
            registry=self._registry,
        )
        self._latency = Histogram(
            f"{_PREFIX}request_latency",
            "Distribution of wall time (in microseconds) for requests answered well.",
            ("model_name", "API", "entrypoint"),
            buckets=_MICROSECONDS,
            registry=self._registry,
        )
        self._by_status: dict[tuple[str, grpc.StatusCode], Counter] = {}
        self._by_api: dict[tuple[str, str, str], Histogram] = {}
        self._logged = Counter(
            f"{_PREFIX}request_log_count",
            "The total number of requests logged.",
            ("model_name", "status"),
            registry=self._registry,
        )

    def count_request(self, model: str, status: grpc.StatusCode) -> None:
        """Counts a request."""
        key = (model, status)
        counter = self._by_status.get(key)
        if counter is None:
            # Kept: to find it takes several times as long as to count.
            counter = self._by_status[key] = self._requests.labels(model, status.name)
        counter.inc()

    def observe_latency(
        self, model: str, api: str, entrypoint: str, seconds: float
    ) -> None:
        """Counts how long a request took that was answered well."""
        key = (model, api, entrypoint)
        histogram = self._by_api.get(key)
        if histogram is None:
            histogram = self._by_api[key] = self._latency.labels(*key)
        histogram.observe(seconds * 1e6)

    def count_logged(self, model: str, status: grpc.StatusCode) -> None:
        """Counts a request that was to be logged."""
        self._logged.labels(model, status.name).inc()

    def page(self) -> str:
        """The metrics in Prometheus's text format."""
        registry = self._registry
        if METRICS_FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        text = generate_latest(registry).decode()
        return "\n".join(_as_tensorflow_serving_names(text)) + "\n"


def _as_tensorflow_serving_names(text: str) -> Iterator[str]:
    """Without what the client library adds: a suffix of counters, times of creation."""
    for line in text.splitlines():
        if not re.search(rf"{_PREFIX}\w+_created\b", line):
            yield re.sub(rf"({_PREFIX}\w+?)_total\b", r"\1", line)
