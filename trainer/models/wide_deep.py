"""Wide&Deep (Cheng et al. 2016, https://arxiv.org/abs/1606.07792).

    logit = w . [ids, crosses] + MLP(embeddings, numbers)

The wide part memorises; FTRL with L1 keeps it sparse. The deep part generalises;
AdaGrad trains it. Both learn jointly, from one loss.
"""

from __future__ import annotations

import keras

from pipeline.config.model import WideDeep
from trainer.inputs import ModelInputs
from trainer.models.compiling import compile_classifier
from trainer.models.layers import PooledEmbedding, mlp, stack
from trainer.optimizers import JointModel

_WIDE = "wide."


def build(inputs: ModelInputs, settings: WideDeep) -> keras.Model:
    """Builds and compiles the model.

    Args:
      inputs: The columns it takes; crosses go to the wide part only.
      settings: Its block of the configuration.

    Returns:
      A model from the columns to logits, float32 [batch, 1].
    """
    tensors = inputs.keras_inputs()
    logit = keras.layers.add(
        [*_wide_logits(inputs, tensors), _deep_logit(inputs, tensors, settings)],
        name="wide.and.deep",
    )
    model = JointModel(
        tensors,
        logit,
        wide_prefix=_WIDE,
        wide_optimizer=keras.optimizers.Ftrl(
            settings.wide_learning_rate,
            l1_regularization_strength=settings.wide_l1,
            l2_regularization_strength=settings.wide_l2,
        ),
    )
    compile_classifier(model, _deep_optimizer(settings))
    return model


def _wide_logits(
    inputs: ModelInputs, tensors: dict[str, keras.KerasTensor]
) -> list[keras.KerasTensor]:
    """The weight of each column's id; the bias is that of the deep logit."""
    return [
        PooledEmbedding(
            column.num_ids,
            1,
            pooling="sum",
            initializer="zeros",
            name=f"{_WIDE}{column.name}",
        )(tensors[column.name])
        for column in inputs.ids
    ]


def _deep_logit(
    inputs: ModelInputs, tensors: dict[str, keras.KerasTensor], settings: WideDeep
) -> keras.KerasTensor:
    hidden = mlp(
        stack(inputs, tensors, settings.embedding_l2),
        settings.hidden_units,
        dropout=settings.dropout,
        batch_norm=settings.batch_norm,
    )
    return keras.layers.Dense(1, name="deep.logit")(hidden)


def _deep_optimizer(settings: WideDeep) -> keras.optimizers.Optimizer:
    optimizers = {"adagrad": keras.optimizers.Adagrad, "adam": keras.optimizers.Adam}
    return optimizers[settings.deep_optimizer](settings.deep_learning_rate)
