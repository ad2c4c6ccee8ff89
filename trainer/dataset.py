"""Transformed examples as batches, with a validation part held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf
import tensorflow_transform as tft

from pipeline.config.model import Training
from trainer.inputs import ModelInputs, Tensors

# Records shuffled at a time; in serialised form they take some tens of megabytes.
_SHUFFLE_BUFFER = 100_000


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

    Every n-th example is held out, so that the eval split stays unseen until the
    Evaluator.

    Args:
      patterns: Globs of TFRecord files.
      inputs: The columns wanted.
      label: Name of the label.
      transform: Says how the examples are laid out.
      training: Batch size, validation fraction and seed.

    Returns:
      Batches of (inputs by name, label float32 [batch, 1]).
    """
    records = _read_records(patterns)
    every = round(1 / training.validation_fraction)
    spec = transform.transformed_feature_spec()

    def parse(serialized: tf.Tensor) -> tuple[Tensors, tf.Tensor]:
        features = tf.io.parse_example(serialized, spec)
        return inputs.dense(features), tf.expand_dims(features[label], 1)

    def batches(dataset: tf.data.Dataset) -> tf.data.Dataset:
        batched = dataset.batch(training.batch_size)
        parsed = batched.map(parse, num_parallel_calls=tf.data.AUTOTUNE)
        return parsed.prefetch(tf.data.AUTOTUNE)

    train = _pick(records, every, held_out=False)
    shuffled = train.shuffle(_SHUFFLE_BUFFER, seed=training.seed)
    return TrainingData(
        train=batches(shuffled),
        validation=batches(_pick(records, every, held_out=True)),
    )


def _read_records(patterns: Sequence[str]) -> tf.data.Dataset:
    files = tf.data.Dataset.list_files(list(patterns), shuffle=False)
    return files.flat_map(
        lambda file: tf.data.TFRecordDataset(file, compression_type="GZIP")
    )


def _pick(records: tf.data.Dataset, every: int, held_out: bool) -> tf.data.Dataset:
    numbered = records.enumerate()
    picked = numbered.filter(lambda index, _: (index % every == 0) == held_out)
    return picked.map(lambda _, record: record)
