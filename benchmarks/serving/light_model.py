"""A model of 20 features that costs next to nothing, so that the server is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import tensorflow as tf

NUMBERS = [f"number_{index}" for index in range(10)]
TEXTS = [f"text_{index}" for index in range(10)]

_BUCKETS = 1000


class LightModel(tf.Module):
    """A logistic regression on numbers and hashed texts."""

    def __init__(self) -> None:
        """Draws the weights."""
        super().__init__()
        self.numbers = tf.Variable(tf.random.normal([len(NUMBERS)], seed=0))
        self.texts = tf.Variable(tf.random.normal([len(TEXTS) * _BUCKETS], seed=0))

    def probability(self, columns: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The probabilities for tensors of shape [examples], by feature."""
        numbers = tf.stack([columns[name] for name in NUMBERS], axis=1)
        texts = tf.stack([columns[name] for name in TEXTS], axis=1)
        rows = tf.strings.to_hash_bucket_fast(texts, _BUCKETS)
        rows += tf.range(len(TEXTS), dtype=tf.int64) * _BUCKETS
        logit = tf.linalg.matvec(numbers, self.numbers) + tf.reduce_sum(
            tf.gather(self.texts, rows), axis=1
        )
        return {"probability": tf.sigmoid(logit)}


def write_light_model(version: Path) -> None:
    """Exports the model.

    Args:
      version: Directory of the SavedModel.
    """
    model = LightModel()
    types = dict.fromkeys(NUMBERS, tf.float32) | dict.fromkeys(TEXTS, tf.string)
    default: dict[Any, Any] = {tf.float32: 0.0, tf.string: ""}
    features = {
        name: tf.io.FixedLenFeature([], each, default[each])
        for name, each in types.items()
    }

    serving_default = tf.function(
        lambda examples: model.probability(tf.io.parse_example(examples, features)),
        input_signature=[tf.TensorSpec([None], tf.string, "examples")],
    )
    predict = tf.function(
        model.probability,
        input_signature=[
            {name: tf.TensorSpec([None], each, name) for name, each in types.items()}
        ],
    )
    signatures = {"serving_default": serving_default, "predict": predict}
    tf.saved_model.save(model, str(version), signatures)


def light_rows(count: int) -> pa.Table:
    """Rows for the model."""
    columns: dict[str, list[float] | list[str]] = {
        name: [0.1 * row for row in range(count)] for name in NUMBERS
    }
    columns |= {name: [f"value {row}" for row in range(count)] for name in TEXTS}
    return pa.table(columns)
