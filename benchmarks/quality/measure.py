"""Metrics of a model on the eval split."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score

from benchmarks.quality.data import Prepared
from config.names import tensor_name
from config.parts import TrainerPart
from config.root import Config
from trainer.data.examples import transformed_examples
from trainer.fit.run import train

Array = npt.NDArray[Any]
# Batches as large as memory takes easily; the figures do not depend on it.
_BATCH = 8192


class Figures(NamedTuple):
    """Metrics of a model on the eval split, and the time of its training.

    Attributes:
      auc: AUC over all examples.
      log_loss: Log loss over all examples.
      slice_auc: AUC within the slice, where there is one.
      seconds: Seconds of training.
    """

    auc: float
    log_loss: float
    slice_auc: float | None
    seconds: float


def figures(
    label: Array, logit: Array, within: Array | None, seconds: float
) -> Figures:
    """Measures a model.

    Args:
      label: 0 or 1 for each example.
      logit: Predictions of the model.
      within: True for the examples of the slice.
      seconds: Seconds of training.
    """
    return Figures(
        auc=roc_auc_score(label, logit),
        log_loss=log_loss(label, expit(logit.astype(np.float64))),
        slice_auc=None
        if within is None
        else roc_auc_score(label[within], logit[within]),
        seconds=seconds,
    )


def train_and_measure(
    config: Config, prepared: Prepared, seed: int, of_slice: Mapping[str, str]
) -> Figures:
    """Trains the configured model as the Trainer does, and measures it.

    Args:
      config: The model and its training; the features are those of `prepared`.
      prepared: The examples and their graph.
      seed: Replaces `training.seed`.
      of_slice: A categorical feature and its value, or nothing.
    """
    training = config.training.model_copy(update={"seed": seed})
    part = TrainerPart.of(config.model_copy(update={"training": training}))
    inputs = prepared.inputs(part)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as logs:
        model = train(part, inputs, prepared.transform, [prepared.files("train")], logs)
    seconds = time.monotonic() - began
    labels, logits, withins = [], [], []
    for features in transformed_examples(
        [prepared.files("eval")], prepared.transform, _BATCH
    ):
        logits.append(model(inputs.dense(features), training=False).numpy()[:, 0])
        labels.append(features[part.label].numpy())
        withins.append(_within(features, prepared, of_slice))
    keras.backend.clear_session()
    within = np.concatenate(withins) if of_slice else None
    return figures(np.concatenate(labels), np.concatenate(logits), within, seconds)


def _within(
    features: Mapping[str, tf.Tensor], prepared: Prepared, of_slice: Mapping[str, str]
) -> Array:
    """Selects the examples of the slice by the ids that Transform gave."""
    within = np.ones(len(features[prepared.config.label.name]), bool)
    for name, value in of_slice.items():
        column = tensor_name(name)
        terms = prepared.transform.vocabulary_by_name(column)
        # Id 0 is a missing value.
        within &= features[column].numpy() == 1 + terms.index(value.encode())
    return within
