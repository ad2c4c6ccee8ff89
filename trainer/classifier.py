"""A model ready to train: from its logit to loss, metrics and optimizers."""

from __future__ import annotations

import keras

from pipeline.config.base import Block
from pipeline.config.model import Deep, Linear
from pipeline.config.training import Training
from trainer.inputs import ModelInputs
from trainer.layers.output import Recalibration
from trainer.models import MODELS
from trainer.optimizers.joint import JointOptimizer
from trainer.optimizers.sparse import (
    LazyAdam,
    SparseAdagrad,
    SparseFtrl,
    SparseOptimizer,
)

_DEEP_OPTIMIZERS: dict[str, type[SparseAdagrad | LazyAdam]] = {
    "adagrad": SparseAdagrad,
    "adam": LazyAdam,
}


def build_classifier(
    kind: str, settings: Block, inputs: ModelInputs, training: Training
) -> keras.Model:
    """Builds and compiles a model of a registered kind.

    Args:
      kind: The kind.
      settings: Its block of the configuration.
      inputs: The columns it takes.
      training: How it is trained.

    Returns:
      A model from the columns to logits, float32 [batch, 1].
    """
    tensors = inputs.keras_inputs()
    logit = MODELS[kind](inputs, tensors, settings)
    calibrated = Recalibration(
        training.negative_rate, training.positive_weight, name="output.recalibration"
    )(logit)
    model = keras.Model(tensors, calibrated)
    model.compile(
        optimizer=JointOptimizer(_optimizers(settings), clip_norm=training.clip_norm),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[
            keras.metrics.AUC(name="auc", num_thresholds=1000, from_logits=True),
            # The loss without regularisation, comparable between models.
            keras.metrics.BinaryCrossentropy(name="log_loss", from_logits=True),
        ],
        # Batches of multi-valued columns differ in width, and XLA would compile anew
        # for each.
        jit_compile=False,
    )
    return model


def _optimizers(settings: Block) -> dict[str, SparseOptimizer]:
    """The optimizers by what the paths of their variables start with."""
    optimizers: dict[str, SparseOptimizer] = {}
    if isinstance(settings, Linear):
        optimizers["wide."] = SparseFtrl(
            settings.wide_learning_rate,
            l1_regularization_strength=settings.wide_l1,
            l2_regularization_strength=settings.wide_l2,
        )
    if isinstance(settings, Deep):
        optimizers["deep."] = _DEEP_OPTIMIZERS[settings.optimizer](
            settings.learning_rate
        )
    return optimizers
