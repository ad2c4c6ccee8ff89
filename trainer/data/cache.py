"""Examples in a folder, in blocks that `tf.data` reads again in each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from trainer.data.examples import Transformed
from trainer.data.inputs import ModelInputs, Tensors

# The ids [rows, columns], the numbers [rows, columns] and, of each multi-valued column,
# the lists of ids as bytes: string [rows].
Block: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Columns:
    """Layout of a block: the columns of a model, and the label.

    Columns of one type are a matrix, since it costs as much to cut or to join a column
    as a matrix. Lists are bytes, since `tf.data` cannot cut and join ragged tensors.

    Attributes:
      ids: Names of the columns with one id for each example.
      lists: Names of those with a list of ids.
      numbers: Names of the numeric columns.
      label: Name of the label.
      id_type: Smallest type that holds the ids.
    """

    ids: tuple[str, ...]
    lists: tuple[str, ...]
    numbers: tuple[str, ...]
    label: str
    id_type: tf.DType

    @classmethod
    def of(cls, inputs: ModelInputs, label: str) -> Columns:
        """The columns that a model takes, and the label."""
        most = max((column.num_ids for column in inputs.ids), default=0)
        return cls(
            ids=tuple(c.name for c in inputs.ids if not c.multivalued),
            lists=tuple(c.name for c in inputs.ids if c.multivalued),
            numbers=inputs.numbers,
            label=label,
            id_type=tf.int32 if most <= tf.int32.max else tf.int64,
        )

    def pack(self, transformed: Transformed) -> Block:
        """Packs columns after Transform; the lists are ragged still."""
        numbers = [transformed[name] for name in (*self.numbers, self.label)]
        rows = tf.size(numbers[-1])
        ids = _stack([transformed[name] for name in self.ids], rows)
        lists = [tf.RaggedTensor.from_sparse(transformed[name]) for name in self.lists]
        return (
            tf.cast(ids, self.id_type),
            _stack(numbers, rows),
            *(tf.cast(ragged, self.id_type) for ragged in lists),
        )

    def pick(self, packed: Block, rows: npt.NDArray[np.int64]) -> Block:
        """Some rows of what was packed, with the lists as bytes."""
        ids, numbers, *lists = packed
        return (
            ids.numpy()[rows],
            numbers.numpy()[rows],
            *(_as_bytes(ragged, rows) for ragged in lists),
        )

    def unpack(self, *block: tf.Tensor) -> tuple[Tensors, tf.Tensor]:
        """The model's inputs, with lists padded as by `ModelInputs`, and the label."""
        ids, numbers, *lists = block
        inputs = dict(
            zip(self.ids, tf.unstack(tf.cast(ids, tf.int64), axis=1), strict=True)
        )
        for name, texts in zip(self.lists, lists, strict=True):
            inputs[name] = tf.cast(self._as_padded(texts), tf.int64)
        *columns, _ = tf.unstack(numbers, axis=1)
        inputs |= dict(zip(self.numbers, columns, strict=True))
        return inputs, numbers[:, -1:]

    def _as_padded(self, texts: tf.Tensor) -> tf.Tensor:
        longest = tf.reduce_max(tf.strings.length(texts))
        # The width must not be 0.
        width = tf.maximum(longest, self.id_type.size)
        return tf.io.decode_raw(texts, self.id_type, fixed_length=width)


def _stack(columns: list[tf.Tensor], rows: tf.Tensor) -> tf.Tensor:
    return tf.stack(columns, axis=1) if columns else tf.zeros([rows, 0], tf.int64)


def _as_bytes(
    ragged: tf.RaggedTensor, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.object_]:
    values = ragged.values.numpy()
    text = values.tobytes()
    splits = ragged.row_splits.numpy() * values.itemsize
    starts, ends = splits[rows].tolist(), splits[rows + 1].tolist()
    lists = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    # TensorFlow looks at each item of a list, but not of an array.
    return np.array(lists, dtype=object)


class BlockCache:
    """Blocks in a folder, a file for each."""

    def __init__(self, folder: Path, columns: Columns):
        """Makes the folder.

        Args:
          folder: Folder of the files.
          columns: Layout of the blocks.
        """
        folder.mkdir()
        self._folder = folder
        self._columns = columns
        self._blocks = 0
        self._rows = 0

    @property
    def rows(self) -> int:
        """Number of rows of all blocks."""
        return self._rows

    def append(self, block: Block) -> None:
        """Writes a block, unless it is empty."""
        if rows := len(block[0]):
            parts = tf.stack([tf.io.serialize_tensor(part) for part in block])
            tf.io.write_file(self._file(self._blocks), tf.io.serialize_tensor(parts))
            self._blocks += 1
            self._rows += rows

    def in_order(self) -> tf.data.Dataset:
        """The blocks as they were written."""
        return tf.data.Dataset.range(self._blocks).map(self._read)

    def shuffled(self, seed: tf.Tensor) -> tf.data.Dataset:
        """The blocks in an order that the seed, [2], decides."""
        numbers = tf.range(self._blocks, dtype=tf.int64)
        order = tf.random.experimental.stateless_shuffle(numbers, seed)
        return tf.data.Dataset.from_tensor_slices(order).map(self._read)

    def _read(self, number: tf.Tensor) -> tuple[tf.Tensor, ...]:
        text = tf.io.read_file(self._file(number))
        parts = tf.io.parse_tensor(text, tf.string)
        columns = self._columns
        ids = tf.io.parse_tensor(parts[0], columns.id_type)
        numbers = tf.io.parse_tensor(parts[1], tf.float32)
        lists = [
            tf.io.parse_tensor(parts[2 + index], tf.string)
            for index in range(len(columns.lists))
        ]
        return (
            tf.ensure_shape(ids, [None, len(columns.ids)]),
            tf.ensure_shape(numbers, [None, len(columns.numbers) + 1]),
            *(tf.ensure_shape(texts, [None]) for texts in lists),
        )

    def _file(self, number: int | tf.Tensor) -> tf.Tensor:
        return tf.strings.join([f"{self._folder}/", tf.strings.as_string(number)])
