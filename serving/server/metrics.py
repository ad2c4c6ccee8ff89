"""Metrics of the server for Prometheus, with TensorFlow Serving's names."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

# Path, names, labels and buckets (10 us to 20 minutes) of TensorFlow Serving.
PATH = "/monitoring/prometheus/metrics"
_PREFIX = ":tensorflow:serving:"
_MICROSECONDS = tuple(float(f"{10 * 1.8**power:.6g}") for power in range(33))


class Metrics:
    """Counters of a server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        requests = self._counter("request_count", "The total number of requests.")
        self._logged = self._counter(
            "request_log_count", "The total number of requests logged."
        )
        latency = Histogram(
            f"{_PREFIX}request_latency",
            "Distribution of wall time (in microseconds) of successful requests.",
            ("model_name", "API", "entrypoint"),
            buckets=_MICROSECONDS,
            registry=self._registry,
        )
        # The lookup of a child takes several times as long as counting.
        self._requests_of = functools.cache(requests.labels)
        self._latency_of = functools.cache(latency.labels)

    def count_request(self, model: str, status: grpc.StatusCode) -> None:
        """Counts a request."""
        self._requests_of(model, status.name).inc()

    def observe_latency(
        self, model: str, api: str, entrypoint: str, seconds: float
    ) -> None:
        """Records the latency of a successful request."""
        self._latency_of(model, api, entrypoint).observe(seconds * 1e6)

    def count_logged(self, model: str, status: grpc.StatusCode) -> None:
        """Counts an entry of the request log."""
        self._logged.labels(model, status.name).inc()

    def page(self) -> str:
        """Returns the metrics in Prometheus's text format."""
        text = generate_latest(self._registry).decode()
        return "\n".join(_without_client_names(text)) + "\n"

    def _counter(self, name: str, description: str) -> Counter:
        labels = ("model_name", "status")
        return Counter(f"{_PREFIX}{name}", description, labels, registry=self._registry)


def _without_client_names(text: str) -> Iterator[str]:
    """Removes creation times and suffixes that the client library adds."""
    for line in text.splitlines():
        if not re.search(rf"{_PREFIX}\w+_created\b", line):
            yield re.sub(rf"({_PREFIX}\w+?)_total\b", r"\1", line)
