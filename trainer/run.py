"""run_fn: what TFX's Trainer calls."""

from __future__ import annotations

import logging
import math

import keras
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from pipeline.config.parts.trainer import TrainerPart
from pipeline.errors import RunError
from trainer.callbacks import training_callbacks
from trainer.classifier import build_classifier
from trainer.dataset import read_training_data
from trainer.inputs import ModelInputs
from trainer.signatures import export

_log = logging.getLogger(__name__)


def run_fn(fn_args: FnArgs) -> None:
    """Trains the configured model and exports it.

    Args:
      fn_args: `custom_config['part']` holds a `TrainerPart` as JSON; the other fields
        are those of TFX's generic Trainer.

    Raises:
      InputError: There are too few examples.
      RunError: The training diverged.
    """
    part = TrainerPart.model_validate_json(fn_args.custom_config["part"])
    transform = tft.TFTransformOutput(fn_args.transform_output)
    inputs = ModelInputs.of(part, transform)
    keras.utils.set_random_seed(part.training.seed)
    data = read_training_data(
        fn_args.train_files, inputs, part.label, transform, part.training
    )
    model = build_classifier(part.model, part.model_settings, inputs, part.training)
    _log.info("%s with %s parameters", part.model, f"{model.count_params():,}")
    history = model.fit(
        data.train,
        validation_data=data.validation,
        epochs=part.training.epochs,
        callbacks=training_callbacks(part.training, fn_args.model_run_dir),
        verbose=0,
    )
    if not math.isfinite(history.history["loss"][-1]):
        raise RunError(
            f"the training of {part.model} diverged: its loss is not finite; lower "
            f"the learning rates in model.{part.model}"
        )
    export(model, inputs, part.features, transform, fn_args.serving_model_dir)
