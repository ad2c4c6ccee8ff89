"""Settings of the training, and of its warm start."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from config.base import (
    Block,
    Fraction,
    PositiveFloat,
    PositiveInt,
    RelativePath,
    from_context,
)
from config.names import ColumnName

LAST_RELEASE = "last_release"


def _unless_last_release(path: str, info: ValidationInfo) -> str:
    return path if path == LAST_RELEASE else from_context(path, info)


class WarmStart(Block):
    """Weights to start from, instead of random ones.

    Attributes:
      model: `last_release`, or a folder, relative to the configuration file: an
        exported model, or the `release.model_dir` of a sibling pipeline, of which
        the newest version is taken.
      vectors: For each categorical feature a Parquet file with embedding vectors by
        term, relative to the configuration file: columns `term` (string) and `vector`
        (a list of numbers). They take the place of what the model has for these
        terms.
    """

    model: (
        Annotated[str, Field(min_length=1), AfterValidator(_unless_last_release)] | None
    ) = None
    vectors: dict[ColumnName, RelativePath] = {}

    @model_validator(mode="after")
    def _from_something(self) -> WarmStart:
        if self.model is None and not self.vectors:
            raise ValueError("give 'model', 'vectors' or both")
        return self


class ReduceLearningRate(Block):
    """A lower learning rate once the validation AUC stops rising.

    Attributes:
      factor: Factor of the learning rates of all optimizers.
      patience: Epochs without a better validation AUC before that happens.
    """

    factor: Annotated[Fraction, Field(gt=0.0, lt=1.0)] = 0.5
    patience: PositiveInt = 1


class Distribution(Block):
    """Several copies of the model, each trained on its share of every batch.

    Attributes:
      strategy: `mirrored` for the devices of one machine, `multi_worker` for the
        workers that the environment variable TF_CONFIG names, as TensorFlow defines
        it; without that variable, for processes on this machine.
      replicas: Number of copies on this machine: GPUs, or parts of the CPU where
        there is no GPU; or of the worker processes. None for one on each GPU.
    """

    strategy: Literal["mirrored", "multi_worker"] = "mirrored"
    replicas: PositiveInt | None = None


BatchSize: TypeAlias = (
    PositiveInt | Annotated[tuple[PositiveInt, ...], Field(min_length=1)]
)


class Training(Block):
    """Settings of the training.

    Attributes:
      epochs: Maximum passes over the training split.
      batch_size: Examples in a training step: one number, or one for each epoch, of
        which the last goes on.
      validation_fraction: Share of the training split that is held out for early
        stopping, so that the eval split stays unseen until the Evaluator.
      patience: Epochs without a better one before training stops; the best epoch's
        weights are kept. Better is a higher validation AUC at a validation log loss
        within `log_loss_tolerance` of the lowest.
      log_loss_tolerance: Maximum distance of the best epoch to the lowest validation
        log loss, as a share of it.
      ema_momentum: Validate and keep a moving average of the weights over epochs, which
        keeps this share of itself in each; None for the weights themselves.
      reduce_learning_rate: Lower learning rates on a plateau.
      clip_norm: Maximum global gradient norm; None disables clipping.
      negative_rate: Share of the negative examples that are trained on. Predictions
        are those of the full data all the same.
      positive_weight: Weight of a positive example in the loss; predictions
        stay probabilities all the same.
      seed: Seed of initial weights, dropout and shuffling.
      deterministic: Two runs on one machine agree to the last digits; slower.
      distribution: Several devices or machines.
      warm_start: Weights to start from; None for random ones.
      export_embeddings: Categorical features whose vectors are exported with the
        model, as a Parquet file each.
    """

    epochs: PositiveInt = 20
    batch_size: BatchSize = 512
    validation_fraction: Annotated[Fraction, Field(gt=0.0, le=0.5)] = 0.1
    patience: PositiveInt = 2
    log_loss_tolerance: Fraction = 0.01
    ema_momentum: Annotated[Fraction, Field(gt=0.0, lt=1.0)] | None = None
    reduce_learning_rate: ReduceLearningRate | None = None
    clip_norm: PositiveFloat | None = None
    negative_rate: Annotated[Fraction, Field(gt=0.0)] = 1.0
    positive_weight: PositiveFloat = 1.0
    seed: int = 1
    deterministic: bool = False
    distribution: Distribution | None = None
    warm_start: WarmStart | None = None
    export_embeddings: tuple[str, ...] = ()
