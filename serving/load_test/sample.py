"""Serialized requests from the first rows of a file."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from config.errors import InputError
from serving.client import Target
from serving.client.columns import batches, columns_of
from serving.client.features import ModelFeatures, Signature
from serving.client.files import Layout, read_rows
from serving.client.requests import predict_request

if TYPE_CHECKING:
    from serving.client.columns import Chunk

_MAX_REQUESTS = 1000


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
