"""Shards of tf.Examples as record batches."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pyarrow as pa
from tfx_bsl.arrow import table_util
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.shared.shards import read_shards

# Rows of a batch. A few batches are in memory at a time, whatever the files hold.
_BATCH = 10_000
# Rows decoded at a time: the memory of more would be new to the processor's cache.
_BLOCK = 1_000
_CORES = os.cpu_count() or 1


def read_batches(files: Sequence[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Reads compressed TFRecord files, always in the same order.

    Batches are decoded ahead on all cores; the decoder does not hold Python's lock.

    Args:
      files: Paths.

    Yields:
      The number of a file, and a batch of lists. A feature that no example of a batch
      has is a column of nulls, or absent.
    """
    records = read_shards(files, _BATCH).prefetch(1)
    ahead: deque[tuple[int, Future[pa.RecordBatch]]] = deque()
    with ThreadPoolExecutor(_CORES) as pool:
        for number, batch in records.as_numpy_iterator():
            ahead.append((int(number), pool.submit(_decode, batch.tolist())))
            if len(ahead) > _CORES:
                yield _decoded(ahead.popleft())
        while ahead:
            yield _decoded(ahead.popleft())


def _decoded(
    each: tuple[int, Future[pa.RecordBatch]],
) -> tuple[int, pa.RecordBatch]:
    number, batch = each
    return number, batch.result()


def _decode(examples: list[bytes]) -> pa.RecordBatch:
    decoder = ExamplesToRecordBatchDecoder()
    return table_util.MergeRecordBatches(
        [
            decoder.DecodeBatch(examples[start : start + _BLOCK])
            for start in range(0, len(examples), _BLOCK)
        ]
    )
