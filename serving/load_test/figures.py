"""Measures the rates and latencies of a model server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.errors import RunError
from serving.load_test.answers import Answers
from serving.load_test.loops import Load
from serving.load_test.senders import Senders

# Enough to keep a server busy; more requests only wait.
_CONCURRENCY = 4
# Share of the highest rate: what a server must sustain while its twin is down.
_SHARE = 0.5


@dataclass(frozen=True)
class Figures:
    """The result for requests of one kind.

    Attributes:
      signature: Signature of the requests.
      batch_size: Number of rows of a request.
      max_rate: Highest rate of successful requests per second (closed loop).
      rate: Rate of requests per second at which latencies were measured (open loop).
      p50: Median latency, milliseconds; failed requests count as well.
      p90: 90th percentile.
      p99: 99th percentile.
      p999: 99.9th percentile.
      failed: Number of failed requests, by status code.
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
    """Measures the highest rate, then latencies at half of it.

    Args:
      senders: The senders of the load.
      signature: Signature of the requests.
      batch_size: Number of rows of a request.
      requests: The requests.
      seconds: Duration of each of both measurements.

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
            "were successful to measure latencies; allow more seconds, or send what "
            "the server accepts"
        )
    return Figures(
        signature=signature,
        batch_size=batch_size,
        max_rate=closed.rate,
        rate=rate,
        p50=opened.milliseconds(50),
        p90=opened.milliseconds(90),
        p99=opened.milliseconds(99),
        p999=opened.milliseconds(99.9),
        failed=Answers.joined([closed, opened]).failed,
    )
