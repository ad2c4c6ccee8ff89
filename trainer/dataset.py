"""Transformed examples as batches, with a validation part held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf
import tensorflow_transform as tft

from pipeline.config.training import Training
from pipeline.errors import InputError
from trainer.inputs import ModelInputs, Tensors

# Records shuffled at a time; in serialised form they take some tens of megabytes.
_SHUFFLE_BUFFER = 100_000
# Records told apart at a time.
_BLOCK = 4096


@dataclass(frozen=True)
class TrainingData:
    """The training split in two parts.

    Attributes:
      train: Batches to train on, in another order each epoch.
      validation: Batches held out for early stopping.
    """

    train: tf.data.Dataset
    validation: tf.data.Dataset


def read_training_data(
    patterns: Sequence[str],
    inputs: ModelInputs,
    label: str,
    transform: tft.TFTransformOutput,
    training: Training,
) -> TrainingData:
    """Reads what Transform materialised.

    Examples at even distances are held out, so that the eval split stays unseen until
    the Evaluator.

    Args:
      patterns: Globs of TFRecord files.
      inputs: The columns wanted.
      label: Name of the label.
      transform: Says how the examples are laid out.
      training: Batch size, validation fraction and seed.

    Returns:
      Batches of (inputs by name, label float32 [batch, 1]).

    Raises:
      InputError: There are not enough examples for two parts.
    """
    records = _read_records(patterns)
    _check_enough(records)
    spec = transform.transformed_feature_spec()

    def parse(serialized: tf.Tensor) -> tuple[Tensors, tf.Tensor]:
        features = tf.io.parse_example(serialized, spec)
        return inputs.dense(features), tf.expand_dims(features[label], 1)

    def batches(dataset: tf.data.Dataset) -> tf.data.Dataset:
        batched = dataset.batch(training.batch_size)
        parsed = batched.map(parse, num_parallel_calls=tf.data.AUTOTUNE)
        return parsed.prefetch(tf.data.AUTOTUNE)

    train = _pick(records, training.validation_fraction, held_out=False)
    validation = _pick(records, training.validation_fraction, held_out=True)
    shuffled = train.shuffle(_SHUFFLE_BUFFER, seed=training.seed)
    return TrainingData(batches(shuffled), batches(validation))


def _read_records(patterns: Sequence[str]) -> tf.data.Dataset:
    files = tf.data.Dataset.list_files(list(patterns), shuffle=False)
    return files.flat_map(
        lambda file: tf.data.TFRecordDataset(file, compression_type="GZIP")
    )


def _check_enough(records: tf.data.Dataset) -> None:
    count = sum(1 for _ in records.take(2))
    if count < 2:
        raise InputError(
            f"the train split has {count} examples; training needs at least 2, one of "
            "them for validation"
        )


def _pick(
    records: tf.data.Dataset, validation_fraction: float, held_out: bool
) -> tf.data.Dataset:
    """The records that are held out, or the others.

    A block at a time: a function called for each record costs more than parsing it.
    """

    def pick(block: tf.Tensor, texts: tf.Tensor) -> tf.Tensor:
        index = block * _BLOCK + tf.range(tf.size(texts, out_type=tf.int64))
        # The first record is held out, so that even few leave some for validation.
        place = tf.cast(index, tf.float64)
        before, after = (place - 1) * validation_fraction, place * validation_fraction
        wanted = (tf.floor(after) > tf.floor(before)) == held_out
        return tf.boolean_mask(texts, wanted)

    return records.batch(_BLOCK).enumerate().map(pick).unbatch()
