"""A model ready to train: from its logit to loss, metrics and optimizers."""

from __future__ import annotations

import contextlib
from typing import Any

import keras
import tensorflow as tf

from config.base import Block
from config.model import Deep, Linear
from config.training import Training
from trainer.data.inputs import ModelInputs
from trainer.fit.metrics import LogOddsAuc
from trainer.fit.model import ClassifierModel, DistributedModel
from trainer.layers.batch import examples_per_replica
from trainer.layers.output import Recalibration, TakeAll
from trainer.models import MODELS
from trainer.optimizers.joint import JointOptimizer
from trainer.optimizers.sparse import (
    LazyAdam,
    SparseAdagrad,
    SparseFtrl,
    SparseOptimizer,
)

# Keras starts at 0.1. The gradient of a row of a table is a mean over the batch, most
# of which does not look it up; beside 0.1 its squares are nothing for many epochs.
_INITIAL_ACCUMULATOR = 1e-3


def build_classifier(
    kind: str,
    settings: Block,
    inputs: ModelInputs,
    training: Training,
    strategy: tf.distribute.Strategy | None = None,
) -> keras.Model:
    """Builds and compiles a model of a registered kind.

    Args:
      kind: The kind.
      settings: Its block of the configuration.
      inputs: The columns it takes.
      training: Settings of the training.
      strategy: Placement of the replicas; None for one on the default device.

    Returns:
      A model from the columns to logits, float32 [batch, 1].
    """
    with _scope(strategy):
        tensors = inputs.keras_inputs()
        logit = MODELS[kind](inputs, tensors, settings)
        logit = TakeAll(name="output.all")(logit, list(tensors.values()))
        calibrated = Recalibration(
            training.negative_rate,
            training.positive_weight,
            name="output.recalibration",
        )(logit)
    if strategy is None:
        model = ClassifierModel(tensors, calibrated)
    else:
        model = DistributedModel(strategy, tensors, calibrated)
    with _scope(strategy):
        optimizer = JointOptimizer(_optimizers(settings), clip_norm=training.clip_norm)
        optimizer.build(model.trainable_variables)
        model.compile(
            optimizer=optimizer,
            loss=LogLoss(from_logits=True, name="log_loss"),
            metrics=[
                LogOddsAuc(),
                # The loss without regularisation, comparable between models.
                keras.metrics.BinaryCrossentropy(name="log_loss", from_logits=True),
            ],
            # Batches of multi-valued columns differ in width, and XLA would compile
            # anew for each.
            jit_compile=False,
        )
    return model


def _scope(
    strategy: tf.distribute.Strategy | None,
) -> contextlib.AbstractContextManager[Any]:
    return contextlib.nullcontext() if strategy is None else strategy.scope()


class LogLoss(keras.losses.BinaryCrossentropy):
    """The log loss, in the mean of the whole batch however replicas share it."""

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """The loss of each example, [batch]."""
        losses = super().call(y_true, y_pred)
        size = tf.cast(tf.shape(losses)[0], losses.dtype)
        return losses * (size / examples_per_replica(losses))


def _optimizers(settings: Block) -> dict[str, SparseOptimizer]:
    """The optimizers by what the paths of their variables start with."""
    optimizers: dict[str, SparseOptimizer] = {}
    if isinstance(settings, Linear):
        optimizers["wide."] = SparseFtrl(
            settings.wide_learning_rate,
            initial_accumulator_value=_INITIAL_ACCUMULATOR,
            l1_regularization_strength=settings.wide_l1,
            l2_regularization_strength=settings.wide_l2,
        )
    if isinstance(settings, Deep):
        optimizers["deep."] = _deep_optimizer(settings)
    return optimizers


def _deep_optimizer(settings: Deep) -> SparseOptimizer:
    if settings.optimizer == "adam":
        return LazyAdam(settings.learning_rate)
    return SparseAdagrad(
        settings.learning_rate, initial_accumulator_value=_INITIAL_ACCUMULATOR
    )
