"""Shards: the files that ExampleGen writes for each split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import tensorflow as tf
from tfx import types
from tfx.types import artifact_utils
from tfx.utils import io_utils

_T = TypeVar("_T")


def shards_of(examples: types.Artifact, split: str) -> list[str]:
    """The shards of a split, always in the same order."""
    return shards_in(artifact_utils.get_split_uri([examples], split))


def shards_in(folder: str) -> list[str]:
    """The shards in the folder of a split, always in the same order."""
    return sorted(tf.io.gfile.glob(io_utils.all_files_pattern(folder)))


def read_shards(shards: Sequence[str], size: int) -> tf.data.Dataset:
    """Reads shards as one data set, so that no shard waits for the one before.

    Args:
      shards: Compressed TFRecord files.
      size: Most examples of a batch, which are all of one shard.

    Returns:
      Pairs of the number of a shard, int64, and serialized tf.Examples, string [batch].
    """
    plain = tf.autograph.experimental.do_not_convert

    def read(number: tf.Tensor, shard: tf.Tensor) -> tf.data.Dataset:
        batches = tf.data.TFRecordDataset(shard, "GZIP").batch(size)
        return batches.map(plain(lambda batch: (number, batch)))

    paths = tf.data.Dataset.from_tensor_slices(tf.constant(shards, tf.string))
    return paths.enumerate().flat_map(plain(read))


def by_shard(batches: Iterable[tuple[int, _T]], count: int) -> Iterator[Iterator[_T]]:
    """Groups batches by the number of their shard.

    Args:
      batches: Pairs of the number of a shard and a batch, in order.
      count: Number of shards.

    Yields:
      The batches of each shard, none of an empty one; to be read before the next.
    """
    remaining = iter(batches)
    ahead = next(remaining, None)

    def of(number: int) -> Iterator[_T]:
        nonlocal ahead
        while ahead is not None and ahead[0] == number:
            yield ahead[1]
            ahead = next(remaining, None)

    for number in range(count):
        yield of(number)
