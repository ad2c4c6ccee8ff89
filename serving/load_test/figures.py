"""Measurement of a model server with the rows of a file."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from config.errors import InputError, RunError
from serving.client import Target
from serving.client.columns import batches, columns_of
from serving.client.endpoint import predict_request
from serving.client.features import ModelFeatures, Signature
from serving.client.files import Layout, read_rows
from serving.load_test.senders import Load, Senders

if TYPE_CHECKING:
    from serving.client.columns import Chunk

_MAX_REQUESTS = 1000
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


def read_sample(path: Path, model: ModelFeatures, layout: Layout) -> Chunk:
    """Returns the first few thousand rows of a file.

    Raises:
      InputError: The file cannot be read, does not match the model, or has no rows.
    """
    try:
        first = next(read_rows(path, model, layout), None)
    except (InputError, pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: {error}") from error
    if first is None or not len(first.rows):
        raise InputError(f"{path}: no rows; give a file with examples")
    return first.rows


def predict_requests(
    rows: Chunk,
    model: ModelFeatures,
    target: Target,
    signature: Signature,
    batch_size: int,
) -> list[bytes]:
    """Returns PredictRequests of full batches; rows are repeated to fill one."""
    times = -(-batch_size // len(rows))
    if isinstance(rows, Sequence):
        rows = [*rows] * times
    else:
        rows = pa.concat_tables([rows] * times)
    full = (batch for _, batch in batches(rows, batch_size) if len(batch) == batch_size)
    return [
        predict_request(target, signature, columns_of(batch, model)).SerializeToString()
        for batch in itertools.islice(full, _MAX_REQUESTS)
    ]


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
