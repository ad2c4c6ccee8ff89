"""Embedding+MLP: the common deep baseline of CTR prediction.

logit = MLP([embeddings, numbers])

Use it first: it has the fewest settings, and its vectors suit `ctr neighbors`.
"""

from __future__ import annotations

import keras

from config.model import EmbeddingMlp
from trainer.data.inputs import KerasTensors, ModelInputs
from trainer.layers.deep import dense, embeddings, mlp, stack


def logit(
    inputs: ModelInputs, tensors: KerasTensors, settings: EmbeddingMlp
) -> keras.KerasTensor:
    """Returns the logit, float32 [batch, 1]; crossed columns are not used."""
    embedded = embeddings(inputs, tensors, settings)
    hidden = mlp(stack(embedded, inputs, tensors, settings), settings)
    return dense(1, "deep.logit", settings)(hidden)
