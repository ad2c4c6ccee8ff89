"""Embedding+MLP: the common deep baseline of CTR prediction.

An embedding for each column of ids, concatenated with the numbers, goes through a
multi-layer perceptron to one logit, trained by Adam.
"""

from __future__ import annotations

import keras

from pipeline.config.model import EmbeddingMlp
from trainer.inputs import ModelInputs
from trainer.models.compiling import compile_classifier
from trainer.models.layers import mlp, stack


def build(inputs: ModelInputs, settings: EmbeddingMlp) -> keras.Model:
    """Builds and compiles the model; crosses are not used.

    Args:
      inputs: The columns it takes.
      settings: Its block of the configuration.

    Returns:
      A model from the columns to logits, float32 [batch, 1].
    """
    tensors = inputs.keras_inputs()
    hidden = mlp(
        stack(inputs, tensors, settings.embedding_l2),
        settings.hidden_units,
        dropout=settings.dropout,
        batch_norm=settings.batch_norm,
        kernel_l2=settings.kernel_l2,
    )
    logit = keras.layers.Dense(1, name="deep.logit")(hidden)
    model = keras.Model(tensors, logit)
    compile_classifier(model, keras.optimizers.Adam(settings.learning_rate))
    return model
