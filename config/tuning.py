"""Search for better settings of the model."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from config.base import Block, PositiveInt
from config.model import Deep, Model
from config.training import Training

# The setting of the training that may be varied beside those of the model.
BATCH_SIZE = "batch_size"
SEQUENCE_POOLING = "sequence_pooling"
# Width of the default ranges, up and down.
_FACTOR = 5
_MAX_DROPOUT = 0.6


class Range(Block):
    """Numbers between two bounds.

    Attributes:
      min: Lower bound, included.
      max: Upper bound, included.
      scale: `log` draws 0.001 to 0.01 as often as 0.01 to 0.1; `linear` draws all
        numbers equally often.
    """

    min: int | float
    max: int | float
    scale: Literal["log", "linear"] = "log"

    @model_validator(mode="after")
    def _bounds_fit(self) -> Range:
        if self.min >= self.max:
            raise ValueError(f"min ({self.min}) must be less than max ({self.max})")
        if self.scale == "log" and self.min <= 0:
            raise ValueError(
                f"got min: {self.min}; a log scale wants more than 0: raise it, or add "
                "'scale: linear'"
            )
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """Both bounds."""
        return self.min, self.max


def _with_numbers(choices: tuple[Any, ...]) -> tuple[Any, ...]:
    """Numbers of a spelling that YAML has for text, such as 1e-3, as numbers."""
    return tuple(
        float(each) if isinstance(each, str) and _is_number(each) else each
        for each in choices
    )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


Choices = Annotated[tuple[Any, ...], Field(min_length=1), AfterValidator(_with_numbers)]
Space = dict[str, Range | Choices]


class Tuning(Block):
    """A search for better settings of the model.

    Attributes:
      trials: Maximum number of models to train.
      epochs: Maximum epochs of each.
      search: `hyperband` draws settings, trains them for few epochs, and the best
        third of them for three times as many, up to `epochs`; `random` trains all that
        it draws to the end; `bayesian` draws those of a third of the trials, and then
        chooses where a Gaussian process of the validation AUC promises most.
      seed: Seed of the search, and of the initial weights, dropout and shuffling of
        each trial.
      space: Values of each setting to vary: a list, or a range. By default batch size,
        embedding size, layers, learning rates, dropout and the L2 of embeddings, around
        those configured.
    """

    trials: PositiveInt = 20
    epochs: PositiveInt = 20
    search: Literal["hyperband", "random", "bayesian"] = "hyperband"
    # KerasTuner takes 0 for no seed.
    seed: PositiveInt = 1
    space: Space = {}


def default_space(model: Model, training: Training) -> Space:
    """The settings that matter most, around those of a model and its training."""
    space: Space = {}
    if isinstance(training.batch_size, int):
        space[BATCH_SIZE] = _sizes(training.batch_size)
    if isinstance(model.settings, Deep):
        space["embedding_size"] = _sizes(model.embedding_size)
    for name, value in model.settings:
        if name.endswith("learning_rate") or (name == "embedding_l2" and value):
            space[name] = Range(min=value / _FACTOR, max=value * _FACTOR)
        elif name == "dropout":
            space[name] = Range(min=0.0, max=_MAX_DROPOUT, scale="linear")
        elif name in ("hidden_units", "residual_units"):
            layers = [[_half(u) for u in value], list(value), [2 * u for u in value]]
            space[name] = tuple(layers)
    return space


def _sizes(size: int | str) -> Choices:
    if isinstance(size, int):
        return tuple(sorted({_half(size), size, 2 * size}))
    return "n^0.25", "6n^0.25"


def _half(size: int) -> int:
    return max(1, size // 2)


def check_space(space: Space, model: Model) -> None:
    """Raises ValueError for a setting, or its value, that a model does not have."""
    allowed = [BATCH_SIZE, *type(model.settings).model_fields]
    if isinstance(model.settings, Deep):
        allowed.insert(1, "embedding_size")
    for name, values in space.items():
        if name not in allowed:
            raise ValueError(
                f"tuning.space: {model.kind} has no setting {name!r}; allowed: "
                f"{', '.join(allowed)}"
            )
        for value in values.ends if isinstance(values, Range) else values:
            _check_value(name, value, model)


def check_without_sequences(space: Space) -> None:
    """Raises ValueError for a setting that only models of sequences can have."""
    values = space.get(SEQUENCE_POOLING, ())
    if not isinstance(values, Range) and "attention" in values:
        raise ValueError(
            f"tuning.space.{SEQUENCE_POOLING}: there is no sequence for attention; add "
            "a feature of 'kind: sequence', or remove attention from the space"
        )


def _check_value(name: str, value: object, model: Model) -> None:
    try:
        if name == BATCH_SIZE:
            Training(batch_size=value)
        else:
            model.with_values({name: value})
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        reason = reason.replace("tuple", "list")
        raise ValueError(
            f"tuning.space.{name}: {value!r} is no {name} of {model.kind}: {reason}"
        ) from error
