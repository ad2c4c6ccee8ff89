"""The SavedModel that TensorFlow Serving serves and TFMA evaluates.

All signatures run the same TensorFlow Transform graph as training did, so training
and serving cannot differ. None needs the label.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf
import tensorflow_transform as tft

from pipeline.config.features import Feature, Numeric
from pipeline.signatures import (
    EXAMPLES,
    PREDICT,
    PROBABILITY,
    SERVING_DEFAULT,
    TRANSFORM_FEATURES,
)
from trainer.inputs import ModelInputs, Tensors
from trainer.warm_start.exported import write_inputs


def export(
    model: keras.Model,
    inputs: ModelInputs,
    features: Mapping[str, Feature],
    transform: tft.TFTransformOutput,
    path: str,
) -> None:
    """Saves a model with three signatures.

    `serving_default` takes serialised tf.Examples (`examples`: string [batch]) and
    `predict` one named tensor for each raw feature, where an empty string or NaN is a
    missing value; both give `probability`: float32 [batch]. `transform_features`
    takes serialised tf.Examples and gives the transformed columns. Beside them it is
    written which columns the weights belong to, for a later model to start from.

    Keras's ExportArchive is used since TensorFlow Serving's graph loader cannot read
    a Keras 3 model saved by `tf.saved_model.save`
    (https://github.com/tensorflow/tfx/issues/7782).

    Args:
      model: From transformed columns to logits.
      inputs: These columns.
      features: The raw features.
      transform: The Transform graph.
      path: The directory to write.
    """
    layer = transform.transform_features_layer()
    spec = {name: transform.raw_feature_spec()[name] for name in features}

    def transformed(raw: Mapping[str, tf.Tensor | tf.SparseTensor]) -> Tensors:
        return inputs.dense(layer(dict(raw)))

    def probability(raw: Mapping[str, tf.Tensor | tf.SparseTensor]) -> Tensors:
        logits = model(transformed(raw), training=False)
        return {PROBABILITY: tf.squeeze(tf.sigmoid(logits), 1)}

    def serve_examples(examples: tf.Tensor) -> Tensors:
        return probability(tf.io.parse_example(examples, spec))

    def serve_tensors(tensors: Mapping[str, tf.Tensor]) -> Tensors:
        raw = {name: _as_parsed(tensors[name], spec[name]) for name in features}
        return probability(raw)

    def transform_examples(examples: tf.Tensor) -> Tensors:
        return transformed(tf.io.parse_example(examples, spec))

    serialized = [tf.TensorSpec([None], tf.string, name=EXAMPLES)]
    named = [{name: _raw_spec(name, features[name]) for name in features}]
    archive = keras.export.ExportArchive()
    # Not the model: its variables, which the endpoints use, would be saved twice.
    archive.track(layer)
    archive.add_endpoint(SERVING_DEFAULT, serve_examples, serialized)
    archive.add_endpoint(PREDICT, serve_tensors, named)
    archive.add_endpoint(TRANSFORM_FEATURES, transform_examples, serialized)
    archive.write_out(path, verbose=False)
    write_inputs(inputs, path)


def _raw_spec(name: str, feature: Feature) -> tf.TensorSpec:
    """Shape [batch]; a multi-valued feature has [batch, values], padded with ''."""
    if isinstance(feature, Numeric):
        return tf.TensorSpec([None], tf.float32, name=name)
    return tf.TensorSpec([None, None] if feature.many else [None], tf.string, name=name)


def _as_parsed(
    tensor: tf.Tensor, spec: tf.io.VarLenFeature | tf.io.FixedLenFeature
) -> tf.Tensor | tf.SparseTensor:
    """A named tensor in the form in which tf.Examples are parsed."""
    if isinstance(spec, tf.io.FixedLenFeature):
        return tf.reshape(tensor, [-1, *spec.shape])
    wide = tensor if tensor.shape.rank == 2 else tf.expand_dims(tensor, 1)
    missing = tf.equal(wide, "") if wide.dtype == tf.string else tf.math.is_nan(wide)
    where = tf.where(~missing)
    return tf.SparseTensor(
        where, tf.gather_nd(wide, where), tf.shape(wide, out_type=tf.int64)
    )
