"""Requests that are ready to be sent."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline.errors import InputError
from serving.client import Target
from serving.client.columns import columns_of, cut
from serving.client.features import ModelFeatures, Signature
from serving.client.files import Layout, read_rows
from serving.client.requests import predict_request

if TYPE_CHECKING:
    from serving.client.columns import Chunk

_MOST_REQUESTS = 1000


def read_sample(path: Path, model: ModelFeatures, layout: Layout) -> Chunk:
    """The first rows of a file, some thousands.

    Args:
      path: A file as `ctr predict` takes it.
      model: What the model takes.
      layout: How the file is to be read.

    Raises:
      InputError: The file cannot be read, does not fit the model, or has no rows.
    """
    try:
        first = next(read_rows(path, model, layout), None)
    except (InputError, pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: {error}") from error
    if first is None or not len(first.rows):
        raise InputError(f"{path}: no rows; give a file with examples to ask about")
    return first.rows


def predict_requests(
    rows: Chunk,
    model: ModelFeatures,
    target: Target,
    signature: Signature,
    batch_size: int,
) -> list[bytes]:
    """PredictRequests of full batches; rows come again where they are too few."""
    rows = _repeated(rows, -(-batch_size // len(rows)))
    full = (batch for _, batch in cut(rows, batch_size) if len(batch) == batch_size)
    return [
        predict_request(target, signature, columns_of(batch, model)).SerializeToString()
        for batch in itertools.islice(full, _MOST_REQUESTS)
    ]


def _repeated(rows: Chunk, times: int) -> Chunk:
    if isinstance(rows, Sequence):
        return [*rows] * times
    return pa.concat_tables([rows] * times)
