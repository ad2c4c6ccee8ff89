"""tuner_fn: what TFX's Tuner calls."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import keras
import keras_tuner
import tensorflow_transform as tft
from keras_tuner.engine.oracle import Oracle
from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.oracles import (
    BayesianOptimizationOracle,
    HyperbandOracle,
    RandomSearchOracle,
)
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from config.errors import RunError
from config.parts import TunerPart
from config.tuning import Range
from trainer.data.dataset import TrainingData, training_data
from trainer.data.inputs import ModelInputs
from trainer.fit.callbacks import stopping_callbacks, validation_score
from trainer.fit.classifier import build_classifier
from trainer.fit.hyperparameters import EPOCHS, decoded, encoded, in_words
from trainer.fit.loop import fit

_log = logging.getLogger(__name__)

_OBJECTIVE = keras_tuner.Objective("val_score", direction="max")


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Makes the tuner that TFX's Tuner lets search.

    Args:
      fn_args: `custom_config['part']` holds a `TunerPart` as JSON; the other fields
        are those of TFX's Tuner.
    """
    part = TunerPart.model_validate_json(fn_args.custom_config["part"])
    transform = tft.TFTransformOutput(fn_args.transform_graph_path)
    tuner = ClassifierTuner(
        part, transform, fn_args.train_files, directory=fn_args.working_dir
    )
    return TunerFnResult(tuner=tuner, fit_kwargs={})


class ClassifierTuner(keras_tuner.Tuner):
    """Trains a model for each trial, and judges it on the validation examples.

    These are held out of the training split, so that the eval split stays unseen until
    the Evaluator. No trial's weights are kept: the Trainer trains the best one anew,
    for as long as it is told to.
    """

    def __init__(
        self,
        part: TunerPart,
        transform: tft.TFTransformOutput,
        files: Sequence[str],
        *,
        directory: str,
    ):
        """Builds the tuner.

        Args:
          part: The training, and the settings to vary.
          transform: The Transform graph.
          files: Globs of the examples to train on.
          directory: Folder of KerasTuner's records.
        """
        super().__init__(
            oracle=_oracle(part), directory=directory, project_name="trials"
        )
        self._part = part
        self._transform = transform
        self._files = files

    def search(self) -> None:
        """Runs all trials.

        Raises:
          InputError: There are too few examples.
          RunError: All trials failed.
        """
        part = self._part.trainer
        inputs = ModelInputs.of(part, self._transform)
        with training_data(
            self._files, inputs, part.label, self._transform, part.training
        ) as data:
            super().search(data)
        trials = list(self.oracle.trials.values())
        if not any(map(_completed, trials)):
            raise RunError(
                f"none of {len(trials)} trials ended well; {_reason(trials[0])}"
            )

    def run_trial(self, trial: Trial, data: TrainingData) -> dict[str, float]:
        """Trains and judges the model of a trial."""
        values = decoded(trial.hyperparameters.values)
        part = self._part.trainer.with_values(values)
        # The models of all trials would stay in memory otherwise.
        keras.utils.clear_session()
        keras.utils.set_random_seed(part.training.seed)
        inputs = ModelInputs.of(part, self._transform)
        inputs = inputs.with_rates(data.counts, data.examples)
        model = build_classifier(part.model, part.model_settings, inputs, part.training)
        history = fit(
            model,
            data.with_batch_size(part.training.batch_size),
            trial.hyperparameters.values.get(EPOCHS, part.training.epochs),
            stopping_callbacks(part.training),
            part.training.positive_weight,
        )
        if not math.isfinite(history["loss"][-1]):
            raise keras_tuner.errors.FailedTrialError("the loss is not finite")
        # Of the epoch whose weights were kept, which is not the last.
        metrics = model.evaluate(data.validation, return_dict=True, verbose=0)
        logs = {f"val_{name}": value for name, value in metrics.items()}
        return {**logs, "val_score": validation_score(logs)}

    def on_trial_end(self, trial: Trial) -> None:
        """Logs how a trial went."""
        super().on_trial_end(trial)
        _log.info(
            "trial %d of %d: %s: %s",
            int(trial.trial_id) + 1,
            self.oracle.max_trials,
            in_words(decoded(trial.hyperparameters.values)),
            _score_in_words(trial) if _completed(trial) else _reason(trial),
        )


def _oracle(part: TunerPart) -> Oracle:
    tuning = part.tuning
    common = {
        "objective": _OBJECTIVE,
        "seed": tuning.seed,
        "hyperparameters": _hyperparameters(part),
        # A part of the space where training diverges is no reason to give up.
        "max_consecutive_failed_trials": tuning.trials + 1,
    }
    if tuning.search == "hyperband":
        # As many iterations as the trials allow: each has one at least.
        oracle = HyperbandOracle(
            max_epochs=tuning.epochs, hyperband_iterations=tuning.trials, **common
        )
        oracle.max_trials = tuning.trials
        return oracle
    if tuning.search == "random":
        return RandomSearchOracle(max_trials=tuning.trials, **common)
    # By default three for each setting, which may be more than there are trials.
    return BayesianOptimizationOracle(
        max_trials=tuning.trials,
        num_initial_points=math.ceil(tuning.trials / 3),
        **common,
    )


def _hyperparameters(part: TunerPart) -> keras_tuner.HyperParameters:
    """The space as KerasTuner takes it."""
    space = keras_tuner.HyperParameters()
    configured = part.trainer.model_settings
    for name, values in part.tuning.space.items():
        if not isinstance(values, Range):
            space.Choice(name, encoded(values))
        elif isinstance(getattr(configured, name, None), float):
            space.Float(name, *values.ends, sampling=values.scale)
        else:
            space.Int(name, *values.ends, sampling=values.scale)
    return space


def _completed(trial: Trial) -> bool:
    return trial.status == TrialStatus.COMPLETED


def _score_in_words(trial: Trial) -> str:
    # Minus the log loss where the AUC is undefined.
    name = "AUC" if trial.score >= 0 else "log loss"
    return f"{name} {abs(trial.score):.4f}"


def _reason(trial: Trial) -> str:
    """Why a trial failed, from the last line of its traceback."""
    line = (trial.message or "").strip().splitlines()[-1]
    return f"failed: {line.partition('Error: ')[2] or line}"
