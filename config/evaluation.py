"""Metrics, slices, gates and validation."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from config.base import Block, Fraction, PositiveInt, RelativePath
from config.errors import InputError
from config.features import Feature, Features, Numeric
from config.metrics import GROUP_METRICS, SCORE_METRICS, at_thresholds, metric_of
from config.names import as_key
from config.values.canonical_text import canonical_text, number_text

OnBaselineProblem = Literal["block", "release"]


def _as_typed(value: object) -> object:
    """The text of a slice value, as YAML has it: `true`, 5 and 0.5 are text too."""
    return json.dumps(value) if isinstance(value, bool | int | float) else value


SliceValue = Annotated[str, BeforeValidator(_as_typed)]


class TrueProbability(Block):
    """A file with the true click probability, where data is simulated.

    Attributes:
      pattern: A glob below `examples.root`, of files in `examples.format` that hold
        one row for each row of the eval split; with the placeholders of
        `examples.spans`, where that is given.
      column: The column with the probability.
    """

    pattern: str
    column: str = "probability"


class Evaluation(Block):
    """Metrics and slices of the Evaluator.

    Attributes:
      slices: Each entry names the features whose values, combined, make slices.
      thresholds: Prediction thresholds at which precision and recall are taken.
      group_by: The column whose values are the groups of GAUC, such as `user_id`.
      on_baseline_problem: Effect of a bound on a change where the last released model
        cannot be evaluated: `block`, or `release` all the same.
      true_probability: Gives the best AUC that any model could reach.
    """

    slices: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] = ()
    thresholds: tuple[Fraction, ...] = (0.5,)
    group_by: str | None = None
    on_baseline_problem: OnBaselineProblem = "block"
    true_probability: TrueProbability | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of all metrics that are computed."""
        of_groups = () if self.group_by is None else GROUP_METRICS
        return (
            *SCORE_METRICS,
            *of_groups,
            *at_thresholds(self.thresholds),
            "examples",
        )


class Gate(Block):
    """A condition that a candidate must meet to be released.

    It holds for all examples, unless `slice` names one slice or `every` names a
    slicing whose every slice must meet it.

    Attributes:
      metric: The metric that is bounded: one of `Evaluation.metrics`.
      min: Lowest value allowed.
      max: Highest value allowed.
      min_change: Lowest allowed difference to the baseline (candidate - baseline);
        not applied where there is no baseline.
      max_change: Highest allowed difference to the baseline.
      slice: One slice, such as `{payment_type: Credit Card}`.
      every: Features of a slicing, such as `[city]`.
      min_examples: A slice with fewer examples is "not enough data": listed, and
        neither passed nor failed.
    """

    metric: str
    min: float | None = None
    max: float | None = None
    min_change: float | None = None
    max_change: float | None = None
    slice: dict[str, SliceValue] | None = None
    every: tuple[str, ...] | None = None
    min_examples: PositiveInt = 100

    @model_validator(mode="after")
    def _bounds_something(self) -> Gate:
        bounds = (self.min, self.max, self.min_change, self.max_change)
        if all(bound is None for bound in bounds):
            raise ValueError(
                "a gate needs at least one of 'min', 'max', 'min_change', 'max_change'"
            )
        if self.slice is not None and self.every is not None:
            raise ValueError("give 'slice' or 'every', not both")
        _check_order("min", self.min, "max", self.max)
        _check_order("min_change", self.min_change, "max_change", self.max_change)
        return self

    @property
    def sliced_by(self) -> tuple[str, ...]:
        """The features whose slices the gate looks at; empty for all examples."""
        return tuple(self.slice or ()) or self.every or ()

    def out_of_reach(self) -> tuple[str, str] | None:
        """The key of a bound that no model can meet, and why, if there is one."""
        is_share = metric_of(self.metric).is_share
        span = "is between 0 and 1" if is_share else "is never below 0"
        top = 1 if is_share else math.inf
        if self.max is not None and self.max < 0:
            return "max", span
        if self.min is not None and self.min > top:
            return "min", span
        if self.min_change is not None and self.min_change > top:
            return "min_change", "changes by 1 at most"
        if self.max_change is not None and self.max_change < -top:
            return "max_change", "changes by 1 at most"
        return None


def _check_order(low: str, least: float | None, high: str, most: float | None) -> None:
    if least is not None and most is not None and least > most:
        raise ValueError(
            f"{low!r} {least} is above {high!r} {most}; no model can meet both"
        )


def with_canonical_slices(
    gates: Sequence[Gate], features: Features, label: str
) -> tuple[Gate, ...]:
    """Returns the gates with the texts that the examples have for their slices.

    Raises:
      ValueError: A column cannot have such a value.
    """
    canonical = []
    for index, gate in enumerate(gates):
        texts = {}
        for column, value in (gate.slice or {}).items():
            try:
                texts[column] = _canonical(value, features.get(column), column == label)
            except (ValueError, InputError) as error:
                where = f"gates[{index}].slice.{as_key(column)}"
                raise ValueError(f"{where}: {error}") from error
        canonical.append(gate.model_copy(update={"slice": texts or None}))
    return tuple(canonical)


def _canonical(value: str, feature: Feature | None, is_label: bool) -> str:
    if isinstance(feature, Numeric):
        return _number(value)
    text = canonical_text(value) or ""
    if is_label and text not in ("0", "1"):
        raise ValueError(f"got {value!r}; the label is 0 or 1")
    return text


def _number(value: str) -> str:
    """Returns the canonical text of a number in any spelling."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    text = number_text(number)
    if not math.isfinite(float(text)):
        raise ValueError(
            f"got {value!r}; the column is numeric: give a number of 32 bits, such as "
            "0.5"
        )
    return text


class Skew(Block):
    """Compares the training examples with examples logged while serving.

    Attributes:
      pattern: A glob below `examples.root` of the logged examples; the label is not
        needed in them.
      thresholds: For each feature, the largest Jensen-Shannon divergence allowed.
    """

    pattern: str
    thresholds: Annotated[dict[str, Fraction], Field(min_length=1)]


Severity = Literal["ignore", "warning", "error"]


class Severities(Block):
    """Severities of differences between the eval split and the training split.

    An error stops the run; a warning is shown in its summary and its report.

    Attributes:
      new_values: Values of a text that has at most 100 in the training split.
      out_of_range: Numbers below the smallest or above the largest of the training
        split; lists where it has single values.
      missing_values: No value where all examples of the training split have one.
      new_types: Values of another type, or numbers where the training split has no
        value.
    """

    new_values: Severity = "warning"
    out_of_range: Severity = "warning"
    missing_values: Severity = "warning"
    new_types: Severity = "error"


class Validation(Block):
    """Schema and thresholds of the ExampleValidator.

    Attributes:
      schema_file: A curated schema (text proto), relative to the configuration
        file; without it a schema is inferred from the training split.
      anomalies: Severities of what an inferred schema does not allow; all of a curated
        one are errors, unless TensorFlow Data Validation says otherwise.
      drift: For each feature, the largest Jensen-Shannon divergence allowed between
        the training split and that of the run before or, with spans, of the latest
        earlier span.
      skew: Comparison with examples logged while serving.
    """

    schema_file: RelativePath | None = None
    anomalies: Severities = Severities()
    drift: dict[str, Fraction] = {}
    skew: Skew | None = None

    @model_validator(mode="after")
    def _severities_are_read(self) -> Validation:
        if self.schema_file is not None and self.anomalies != Severities():
            raise ValueError(
                "'anomalies' is for an inferred schema; state what may differ in "
                "'schema_file', or remove one of the two"
            )
        return self
