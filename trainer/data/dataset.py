"""Examples as batches of a model's inputs, with a validation part held out."""

from __future__ import annotations

import contextlib
import copy
import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_transform as tft

from config.errors import InputError
from config.training import BatchSize, Training
from trainer.data.cache import Block, BlockCache, Columns
from trainer.data.examples import transformed_examples
from trainer.data.inputs import ModelInputs
from trainer.data.occurrence import Counts, IdCounts

# Rows transformed and cached at a time.
_BLOCK = 4096
# Rows shuffled at a time: those of some 16 blocks from all over the training part.
_WINDOW = 65_536
# Nothing but speed depends on it.
_VALIDATION_BATCH = 4096


class TrainingData:
    """The training split in two parts.

    Attributes:
      counts: Lookups of each id in the part to train on.
    """

    def __init__(
        self,
        train: BlockCache,
        validation: BlockCache,
        columns: Columns,
        counts: Counts,
        training: Training,
    ):
        """Takes what `training_data` cached."""
        self.counts = counts
        self._train = train
        self._validation = validation
        self._columns = columns
        self._seed = training.seed
        self._batch_sizes = _as_tuple(training.batch_size)

    def with_batch_size(self, batch_size: BatchSize) -> TrainingData:
        """The same examples in batches of another size."""
        data = copy.copy(self)
        data._batch_sizes = _as_tuple(batch_size)
        return data

    def train(self, first_epoch: int = 0) -> tf.data.Dataset:
        """Batches to train on, without an end: epoch after epoch.

        An epoch has each example once, in an order of its own, and begins with a new
        batch.

        Args:
          first_epoch: The epoch to begin with, from 0.

        Returns:
          Batches of (inputs by name, label float32 [batch, 1]).
        """
        epochs = tf.data.Dataset.counter(first_epoch, dtype=tf.int64)
        return self._unpacked(epochs.flat_map(self._epoch))

    @property
    def validation(self) -> tf.data.Dataset:
        """Batches held out for early stopping, as those of `train`."""
        blocks = self._validation.in_order().rebatch(_VALIDATION_BATCH)
        count = math.ceil(self._validation.rows / _VALIDATION_BATCH)
        return self._unpacked(blocks).apply(
            tf.data.experimental.assert_cardinality(count)
        )

    @property
    def examples(self) -> int:
        """Number of examples in an epoch."""
        return self._train.rows

    def steps(self, epoch: int) -> int:
        """Number of batches in an epoch."""
        last = len(self._batch_sizes) - 1
        return math.ceil(self._train.rows / self._batch_sizes[min(epoch, last)])

    def _epoch(self, epoch: tf.Tensor) -> tf.data.Dataset:
        sizes = tf.constant(self._batch_sizes, tf.int64)
        size = sizes[tf.minimum(epoch, len(self._batch_sizes) - 1)]
        seed = tf.stack([tf.constant(self._seed, tf.int64), epoch])

        def shuffle(number: tf.Tensor, window: Block) -> Block:
            rows = tf.range(tf.shape(window[0])[0])
            order = tf.random.experimental.stateless_shuffle(
                rows, tf.random.fold_in(seed, number)
            )
            return tuple(tf.gather(part, order) for part in window)

        # Batches must not be cut by the ends of windows.
        window = size * tf.maximum(_WINDOW // size, 1)
        windows = self._train.shuffled(seed).rebatch(window)
        return windows.enumerate().map(shuffle).prefetch(1).rebatch(size)

    def _unpacked(self, blocks: tf.data.Dataset) -> tf.data.Dataset:
        return blocks.map(self._columns.unpack).prefetch(tf.data.AUTOTUNE)


def _as_tuple(batch_size: BatchSize) -> tuple[int, ...]:
    return (batch_size,) if isinstance(batch_size, int) else batch_size


@contextlib.contextmanager
def training_data(
    patterns: Sequence[str],
    inputs: ModelInputs,
    label: str,
    transform: tft.TFTransformOutput,
    training: Training,
) -> Iterator[TrainingData]:
    """Reads examples.

    Everything is transformed once, into a temporary folder that is read in each epoch
    and removed at the end: memory does not grow with the number of examples.

    Examples at even distances are held out, so that the eval split stays unseen until
    the Evaluator.

    Args:
      patterns: Globs of TFRecord files.
      inputs: The columns wanted.
      label: Name of the label.
      transform: The Transform graph.
      training: Batch size, validation fraction, share of the negatives and seed.

    Yields:
      The batches.

    Raises:
      InputError: There are not enough examples for two parts.
    """
    columns = Columns.of(inputs, label)
    with tempfile.TemporaryDirectory(prefix="ctr-examples-") as folder:
        train = BlockCache(Path(folder) / "train", columns)
        validation = BlockCache(Path(folder) / "validation", columns)
        counts = IdCounts(inputs, columns)
        parts = _Parts(training)
        examples = transformed_examples(patterns, transform, _BLOCK)
        packed = examples.map(columns.pack).prefetch(tf.data.AUTOTUNE)
        for rows in packed:
            trained_on, held_out = parts.rows(rows[1].numpy()[:, -1])
            block = columns.pick(rows, trained_on)
            train.append(block)
            counts.add(block)
            validation.append(columns.pick(rows, held_out))
        parts.check_enough()
        yield TrainingData(train, validation, columns, counts.counts, training)


class _Parts:
    """Selection of the examples to hold out and, of the others, to train on."""

    def __init__(self, training: Training):
        self._held_out = _EvenShare(training.validation_fraction)
        self._negatives = _EvenShare(training.negative_rate)
        self._random = np.random.default_rng(training.seed)

    def rows(
        self, labels: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The rows of the next block to train on, and those held out."""
        held_out = self._held_out.next(len(labels))
        negatives = np.flatnonzero(~held_out & (labels == 0))
        # As many as their share says, at random among those of the block.
        kept = np.count_nonzero(self._negatives.next(len(negatives)))
        chosen = self._random.choice(negatives, kept, replace=False)
        positives = np.flatnonzero(~held_out & (labels != 0))
        return np.union1d(positives, chosen), np.flatnonzero(held_out)

    def check_enough(self) -> None:
        """Raises an error where a part has no examples.

        Raises:
          InputError: There are not enough examples for two parts.
        """
        if self._held_out.count < 2:
            raise InputError(
                f"the train split has {self._held_out.count} examples; training needs "
                "at least 2, one of them for validation"
            )


class _EvenShare:
    """A share of a sequence, at even distances."""

    def __init__(self, share: float):
        self._share = share
        self.count = 0

    def next(self, count: int) -> npt.NDArray[np.bool_]:
        """Selects the share of the next examples, the very first one included."""
        places = np.arange(self.count, self.count + count, dtype=np.float64)
        self.count += count
        picked: npt.NDArray[np.bool_] = np.floor(places * self._share) > np.floor(
            (places - 1) * self._share
        )
        return picked
