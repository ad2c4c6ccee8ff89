"""The wide part: a weight for each id, looked up, never a dense one-hot."""

from __future__ import annotations

import keras

from trainer.inputs import KerasTensors, ModelInputs
from trainer.layers.embedding import PooledEmbedding


def wide_logits(inputs: ModelInputs, tensors: KerasTensors) -> list[keras.KerasTensor]:
    """The weights of each column's ids, crosses included, float32 [batch, 1] each."""
    return [
        PooledEmbedding(
            column.num_ids,
            1,
            pooling="sum",
            initializer="zeros",
            name=f"wide.{column.name}",
        )(tensors[column.name])
        for column in inputs.ids
    ]
