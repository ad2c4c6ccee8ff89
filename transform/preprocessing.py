"""preprocessing_fn, built from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from pipeline.config.columns import bucket_name, missing_name
from pipeline.config.features import Categorical, Feature, Hashed, Numeric
from pipeline.config.parts.transform import TransformPart
from pipeline.errors import InputError
from transform import crosses, discrete, numeric
from transform.values import RawFeature, single_number

Transformed = dict[str, tf.Tensor | tf.SparseTensor]


def preprocessing_fn(
    inputs: Mapping[str, RawFeature], custom_config: Mapping[str, Any]
) -> Transformed:
    """Turns raw features into ids and numbers; TFX's Transform calls it.

    Args:
      inputs: Raw features by name, as the schema has them.
      custom_config: `part` holds a `TransformPart` as JSON.

    Returns:
      The columns that `pipeline.config.columns` lists, and the label as float32
      [batch].

    Raises:
      InputError: The schema lacks a feature, or has text for a number.
    """
    part = TransformPart.model_validate_json(custom_config["part"])
    _check_schema(inputs, part)
    outputs: Transformed = {}
    for name, feature in part.features.items():
        outputs |= _transform(name, feature, inputs[name])
    for cross in part.crosses:
        outputs[cross.name] = crosses.crossed(cross, part.features, inputs, outputs)
    outputs[part.label] = single_number(inputs[part.label])
    return outputs


def _check_schema(inputs: Mapping[str, RawFeature], part: TransformPart) -> None:
    """SchemaGen takes a column without any value for text, or does not see it."""
    for name, feature in part.features.items():
        if name not in inputs:
            problem = "the schema has no such feature"
        elif isinstance(feature, Numeric) and inputs[name].dtype == tf.string:
            problem = "the schema says that this number is text"
        else:
            continue
        raise InputError(
            f"features.{name}: {problem}; either no example holds a value of it, or "
            f"validation.schema_file is wrong: correct that, or remove features.{name}"
        )


def _transform(name: str, feature: Feature, raw: RawFeature) -> Transformed:
    if isinstance(feature, Categorical):
        return {name: discrete.categorical(raw, feature, name)}
    if isinstance(feature, Hashed):
        return {name: discrete.hashed(raw, feature)}
    numbers = single_number(raw)
    outputs = {name: numeric.scaled(numbers, feature)}
    if feature.is_bucketized:
        outputs[bucket_name(name)] = numeric.bucketized(numbers, feature, name)
    if feature.missing_indicator:
        outputs[missing_name(name)] = numeric.missing(numbers)
    return outputs
