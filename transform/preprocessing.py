"""preprocessing_fn, built from the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from config.columns import bucket_name, missing_name
from config.errors import InputError
from config.features import Categorical, Features, Hashed, ItemSequence, Numeric
from config.names import as_key, tensor_name
from config.parts import TransformPart
from transform import crosses, discrete, numeric
from transform.values import RawFeature, feature_terms, single_numbers

Transformed = dict[str, tf.Tensor | tf.SparseTensor]


def preprocessing_fn(
    inputs: Mapping[str, RawFeature], custom_config: Mapping[str, Any]
) -> Transformed:
    """Turns raw features into ids and numbers; TFX's Transform calls it.

    Args:
      inputs: Raw features by name, as the schema has them.
      custom_config: `part` holds a `TransformPart` as JSON.

    Returns:
      The columns that `config.columns` lists, and the label as float32
      [batch].

    Raises:
      InputError: The schema lacks a feature, or has text for a number.
    """
    part = TransformPart.model_validate_json(custom_config["part"])
    _check_schema(inputs, part)
    outputs: Transformed = _numeric_columns(inputs, part.features)
    discrete_features = {
        name: feature
        for name, feature in part.features.items()
        if isinstance(feature, (Categorical, Hashed, ItemSequence))
    }
    terms = feature_terms(inputs, discrete_features)
    outputs |= discrete.ids(terms, discrete_features)
    texts = terms.by_feature()
    for cross in part.crosses:
        column = tensor_name(cross.name)
        outputs[column] = crosses.crossed(cross, texts, outputs)
    # Apart from the features: a request has no label.
    outputs[part.label] = single_numbers([inputs[part.label]])[0]
    return outputs


def _check_schema(inputs: Mapping[str, RawFeature], part: TransformPart) -> None:
    """SchemaGen takes a column without any value in training for text, or omits it."""
    for name, feature in part.features.items():
        if name not in inputs:
            problem = "the schema has no such feature"
        elif isinstance(feature, Numeric) and inputs[name].dtype == tf.string:
            problem = "the schema says that this number is text"
        else:
            continue
        key = f"features.{as_key(name)}"
        raise InputError(
            f"{key}: {problem}; no training example holds a value of it, or "
            f"validation.schema_file is wrong: correct that, or remove {key}"
        )


def _numeric_columns(
    inputs: Mapping[str, RawFeature], features: Features
) -> Transformed:
    numeric_features = {
        name: feature
        for name, feature in features.items()
        if isinstance(feature, Numeric)
    }
    if not numeric_features:
        return {}
    numbers = single_numbers([inputs[name] for name in numeric_features])
    scaled = numeric.scaled(numbers, [*numeric_features.values()])
    outputs: Transformed = _columns(map(tensor_name, numeric_features), scaled)
    missing = _columns(map(missing_name, numeric_features), numeric.missing(numbers))
    bucketized = numeric.bucketized(numbers, numeric_features)
    for name, feature in numeric_features.items():
        if feature.is_bucketized:
            outputs[tensor_name(bucket_name(name))] = bucketized[name]
        if feature.missing_indicator:
            outputs[tensor_name(missing_name(name))] = missing[missing_name(name)]
    return outputs


def _columns(names: Iterable[str], table: tf.Tensor) -> dict[str, tf.Tensor]:
    return dict(zip(names, tf.unstack(table), strict=True))
