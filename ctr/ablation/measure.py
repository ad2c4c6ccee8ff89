"""Trains a model and measures it on the eval split."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple, TypeAlias

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_transform as tft
from sklearn.metrics import roc_auc_score

from config.parts import TrainerPart
from config.training import Training, WarmStart
from ctr.ablation.training_inputs import Trained
from trainer.data.examples import transformed_examples
from trainer.data.inputs import ModelInputs
from trainer.fit.processes import run_in_processes
from trainer.fit.run import train, wants_its_own_process

# An element for each example of the eval split, in one order.
Labels: TypeAlias = npt.NDArray[np.float32]
Logits: TypeAlias = npt.NDArray[np.float32]

# Nothing but speed depends on it.
_BATCH = 8192


class Quality(NamedTuple):
    """Metrics of a model."""

    auc: float
    log_loss: float


def quality(labels: Labels, logits: Logits) -> Quality:
    """Measures what a model says of examples with both labels."""
    exact = logits.astype(np.float64)
    # Of logits, since a probability that is rounded to 0 or 1 has an infinite loss.
    losses = np.logaddexp(0.0, exact) - labels * exact
    return Quality(
        auc=float(roc_auc_score(labels, logits)), log_loss=float(losses.mean())
    )


def eval_labels(trained: Trained) -> Labels:
    """The labels of the eval split: 0 or 1."""
    name = trained.part.label
    batches = _eval_batches(trained, [name])
    return np.concatenate([batch[name].numpy() for batch in batches])


def train_and_score(trained: Trained) -> Logits:
    """Trains a model as the Trainer does, but on one device and from no other model.

    Returns:
      Its logits for the examples of the eval split, in the order of their labels.
    """
    transform = tft.TFTransformOutput(trained.transform_graph)
    inputs = ModelInputs.of(trained.part, transform)
    if not wants_its_own_process(trained.part, inputs):
        return _train_and_score(trained)
    with tempfile.TemporaryDirectory(prefix="ctr-ablation-") as folder:
        file = Path(folder) / "logits.npy"
        run_in_processes(_train_and_score_alone, [(trained, file)])
        return np.load(file)


def _train_and_score_alone(trained: Trained, file: Path) -> None:
    """Does it in a process of its own, before TensorFlow has done anything in it."""
    if trained.part.training.deterministic:
        tf.config.experimental.enable_op_determinism()
    np.save(file, _train_and_score(trained))


def _train_and_score(trained: Trained) -> Logits:
    training = _without_base_model(trained.part)
    part = trained.part.model_copy(update={"training": training})
    transform = tft.TFTransformOutput(trained.transform_graph)
    inputs = ModelInputs.of(part, transform)
    model = train(part, inputs, transform, [trained.train_files], log_dir=None)
    names = [column.name for column in inputs.ids] + list(inputs.numbers)
    logits = [
        model(inputs.dense(batch), training=False).numpy()[:, 0]
        for batch in _eval_batches(trained, names)
    ]
    # The memory of all models trained so far adds up otherwise.
    keras.backend.clear_session()
    return np.concatenate(logits)


def _without_base_model(part: TrainerPart) -> Training:
    """A model to start from has learned from the feature that is left out."""
    start = part.training.warm_start
    given = {} if start is None else start.vectors
    vectors = {name: file for name, file in given.items() if name in part.features}
    start = WarmStart(vectors=vectors) if vectors else None
    return part.training.model_copy(update={"warm_start": start})


def _eval_batches(trained: Trained, names: list[str]) -> tf.data.Dataset:
    """Some columns of the eval split, always in the same order."""
    transform = tft.TFTransformOutput(trained.transform_graph)
    batches = transformed_examples([trained.eval_files], transform, _BATCH)
    return batches.map(lambda columns: {name: columns[name] for name in names})
