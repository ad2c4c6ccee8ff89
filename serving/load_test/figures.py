"""Measurement of a model server: highest rate, and latencies at half of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.errors import RunError
from serving.load_test.loops import Load
from serving.load_test.senders import Senders

# Enough to keep a server busy; more requests only wait.
_CONCURRENCY = 4
# Load of each of two servers, of which one must sustain both if the other fails.
_SHARE = 0.5


@dataclass(frozen=True)
class Figures:
    """Rates and latencies for requests of one signature and size.

    Attributes:
      batch_size: Rows of a request.
      max_rate: Highest rate of successful requests per second (closed loop).
      rate: Requests per second at which latencies were measured (open loop).
      p50: Median latency in milliseconds, including failed requests; p90, p99 and p999
        are its 90th, 99th and 99.9th percentile.
      failed: Number of failed requests by status code.
    """

    signature: str
    batch_size: int
    max_rate: float
    rate: float
    p50: float
    p90: float
    p99: float
    p999: float
    failed: dict[str, int]


def measure(
    senders: Senders,
    signature: str,
    batch_size: int,
    requests: Sequence[bytes],
    seconds: float,
) -> Figures:
    """Measures the highest rate, then latencies at half of it, for `seconds` each.

    Raises:
      RunError: Too few requests were successful.
    """
    # The first requests of a kind are slower than later ones.
    senders.send(Load(requests, seconds / 4, _CONCURRENCY))
    closed = senders.send(Load(requests, seconds, _CONCURRENCY))
    rate = closed.rate * _SHARE
    opened = senders.send(Load(requests, seconds, rate=rate))
    if not len(opened):
        codes = "".join(f", {count} {code}" for code, count in closed.failed.items())
        raise RunError(
            f"{signature}, {batch_size} rows: {len(closed)} requests{codes}: too few "
            "successful requests to measure latencies; increase --seconds, or send "
            "requests that the server accepts"
        )
    p50, p90, p99, p999 = map(opened.milliseconds, (50, 90, 99, 99.9))
    failed = dict(closed.failed + opened.failed)
    return Figures(
        signature, batch_size, closed.rate, rate, p50, p90, p99, p999, failed
    )
