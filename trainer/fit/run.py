"""run_fn: what TFX's Trainer calls."""

from __future__ import annotations

import copy
import functools
import logging
import math
import os
from collections.abc import Sequence

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.utils import io_utils

from config.errors import RunError
from config.parts import TrainerPart
from trainer.data.dataset import training_data
from trainer.data.inputs import ModelInputs
from trainer.export.embeddings import export_embeddings
from trainer.export.record import RECORD_FILE, TrainingRecord
from trainer.export.signatures import export
from trainer.export.tables import fill_unseen_rows, wide_rows
from trainer.fit.calibration import calibrate
from trainer.fit.callbacks import training_callbacks
from trainer.fit.classifier import build_classifier
from trainer.fit.distribution import (
    TF_CONFIG,
    is_chief,
    make_strategy,
    worker_configs,
)
from trainer.fit.hyperparameters import decoded, in_words
from trainer.fit.loop import fit
from trainer.fit.processes import run_in_processes
from trainer.warm_start.start import warm_start

_log = logging.getLogger(__name__)

_MANY_IDS = 1_000_000


def run_fn(fn_args: FnArgs) -> None:
    """Trains the configured model and exports it.

    Args:
      fn_args: `custom_config['part']` holds a `TrainerPart` as JSON; the other fields
        are those of TFX's generic Trainer. With `hyperparameters`, which the Tuner
        gives, the model has their values instead of those in the part.

    Raises:
      InputError: There are too few examples.
      RunError: The training diverged.
    """
    part, transform = _part(fn_args), tft.TFTransformOutput(fn_args.transform_output)
    if not wants_its_own_process(part, ModelInputs.of(part, transform)):
        _run(fn_args)
        return
    arguments = copy.copy(fn_args)
    # Functions that cannot go to another process.
    arguments.data_accessor = None  # type: ignore[assignment]
    configs = worker_configs(part.training.distribution)
    run_in_processes(_run_alone, [(arguments, config) for config in configs])


def wants_its_own_process(part: TrainerPart, inputs: ModelInputs) -> bool:
    """Returns True if training needs settings of a process that has to be started anew.

    Huge pages are one; where the tables are small they make no difference, and a
    process takes some seconds to start.
    """
    training = part.training
    ids = sum(column.num_ids for column in inputs.ids)
    return bool(training.distribution or training.deterministic or ids >= _MANY_IDS)


def _run_alone(fn_args: FnArgs, tf_config: str | None) -> None:
    """Trains in a process of its own, before TensorFlow has done anything in it."""
    if tf_config is not None:
        os.environ[TF_CONFIG] = tf_config
    if _part(fn_args).training.deterministic:
        tf.config.experimental.enable_op_determinism()
    _run(fn_args)


def _part(fn_args: FnArgs) -> TrainerPart:
    return TrainerPart.model_validate_json(fn_args.custom_config["part"])


def _run(fn_args: FnArgs) -> None:
    part = _part(fn_args)
    strategy = make_strategy(part.training.distribution)
    chief = is_chief(strategy)
    if fn_args.hyperparameters:
        values = decoded(fn_args.hyperparameters["values"])
        _log.info("from the best trial: %s", in_words(values))
        part = part.with_values(values)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    inputs = ModelInputs.of(part, transform)
    model = train(
        part,
        inputs,
        transform,
        fn_args.train_files,
        fn_args.model_run_dir if chief else None,
        fn_args.base_model or fn_args.custom_config.get("base_model"),
        strategy,
    )
    if not chief:
        return
    saved_model = fn_args.serving_model_dir
    export(model, inputs, part.features, transform, saved_model)
    export_embeddings(model, part.training.export_embeddings, transform, saved_model)


def train(
    part: TrainerPart,
    inputs: ModelInputs,
    transform: tft.TFTransformOutput,
    files: Sequence[str],
    log_dir: str | None,
    base_model: str | None = None,
    strategy: tf.distribute.Strategy | None = None,
) -> keras.Model:
    """Trains the configured model.

    Args:
      part: The model and its training.
      inputs: The columns it takes.
      transform: The Transform graph.
      files: Globs of the examples to train on.
      log_dir: Folder of TensorBoard's files and the record of the training; None for
        none of them.
      base_model: The SavedModel that `warm_start` is from, where it is from one.
      strategy: Placement of the replicas; None for one on the default device.

    Returns:
      The model with the best weights, on one device, calibrated as configured.

    Raises:
      InputError: There are too few examples.
      RunError: The training diverged.
    """
    training = part.training
    keras.utils.set_random_seed(training.seed)
    with training_data(files, inputs, part.label, transform, training) as data:
        counts, examples = data.counts, data.examples
        build = functools.partial(
            build_classifier,
            part.model,
            part.model_settings,
            inputs.with_rates(counts, examples),
            training,
        )
        model = build(strategy)
        _log.info("%s with %s parameters", part.model, f"{model.count_params():,}")
        given = warm_start(model, training.warm_start, inputs, transform, base_model)
        callbacks = training_callbacks(training, log_dir)
        history = fit(model, data, training.epochs, callbacks, training.positive_weight)
        if not math.isfinite(history["loss"][-1]):
            raise RunError(
                f"the training of {part.model} diverged: its loss is not finite; lower "
                f"the learning rates in model.{part.model}"
            )
        wide = wide_rows(model, counts)
        fill_unseen_rows(model, counts, given)
        if strategy is not None:
            weights = model.get_weights()
            model = build(None)
            model.set_weights(weights)
        model, calibration = calibrate(
            model, part.calibration, inputs, part.features, data.validation
        )
    record = TrainingRecord.of(history, examples, wide, calibration)
    _log.info("%s", record.in_words())
    if log_dir is not None:
        path = os.path.join(log_dir, RECORD_FILE)
        io_utils.write_string_file(path, record.model_dump_json(indent=1))
    return model
