"""How much a model server answers, and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import RunError
from serving.client.features import Signature
from serving.load_test.answers import Answers
from serving.load_test.loops import Load
from serving.load_test.senders import Senders

# Enough to keep a server busy; more only wait.
_CONCURRENCY = 4
# Of the highest rate: what a server has to bear while its twin is away.
_SHARE = 0.5


@dataclass(frozen=True)
class Figures:
    """What was measured with requests of one kind.

    Attributes:
      signature: How rows are sent.
      batch_size: Rows of a request.
      most: Requests answered in a second, at most (closed loop).
      rate: Requests sent in a second (open loop) while latencies were measured.
      p50: Median latency of these, in milliseconds; of all, also of those that failed.
      p90: 90th percentile.
      p99: 99th percentile.
      p999: 99.9th percentile.
      failed: How many requests failed, by status.
    """

    signature: Signature
    batch_size: int
    most: float
    rate: float
    p50: float
    p90: float
    p99: float
    p999: float
    failed: dict[str, int]


def measure(
    senders: Senders,
    signature: Signature,
    batch_size: int,
    requests: Sequence[bytes],
    seconds: float,
) -> Figures:
    """Measures the highest rate, then latencies at half of it.

    Args:
      senders: Who sends.
      signature: How the rows in the requests are sent.
      batch_size: How many there are in each.
      requests: The requests.
      seconds: How long each of both takes.

    Raises:
      RunError: Nothing can be said, as no request was answered well.
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
            "were answered to measure latencies; allow more seconds, or send what the "
            "server takes"
        )
    return Figures(
        signature=signature,
        batch_size=batch_size,
        most=closed.rate,
        rate=rate,
        p50=opened.milliseconds(50),
        p90=opened.milliseconds(90),
        p99=opened.milliseconds(99),
        p999=opened.milliseconds(99.9),
        failed=Answers.joined([closed, opened]).failed,
    )
