"""The SavedModel that TensorFlow Serving serves and TFMA evaluates.

All signatures run the same TensorFlow Transform graph as training did, so training
and serving cannot differ. None needs the label.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.python.saved_model.fingerprinting_utils import write_fingerprint
from tf_keras.src.saving.legacy.saved_model.utils import keras_option_scope
from tfx.dsl.io import fileio

from config.features import Feature, Numeric
from config.names import tensor_name
from config.signatures import (
    ATTENTION,
    EXAMPLES,
    PREDICT,
    PROBABILITY,
    SERVING_DEFAULT,
    TRANSFORM_FEATURES,
)
from trainer.data.inputs import KerasTensors, ModelInputs, Tensors
from trainer.export.serving_model import ServingModel
from trainer.layers.deep import attention_name
from trainer.warm_start.exported_model import write_inputs


def export(
    model: keras.Model,
    inputs: ModelInputs,
    features: Mapping[str, Feature],
    transform: tft.TFTransformOutput,
    path: str,
) -> None:
    """Saves a model with its signatures.

    `serving_default` takes serialised tf.Examples (`examples`: string [batch]) and
    `predict` one named tensor for each raw feature, where an empty string or NaN is a
    missing value; both give `probability`: float32 [batch]. `transform_features`
    takes serialised tf.Examples and gives the transformed columns. Of a model with
    attention, `attention` has the inputs of `predict` and gives the weights of items
    by the column of each sequence: float32 [batch, items]. Beside them it is written
    which columns the weights belong to, for a later model to start from.

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
    serving = ServingModel(model)
    spec = {name: transform.raw_feature_spec()[name] for name in features}

    def transformed(raw: Mapping[str, tf.Tensor | tf.SparseTensor]) -> Tensors:
        return inputs.dense(layer(dict(raw)))

    def probability(raw: Mapping[str, tf.Tensor | tf.SparseTensor]) -> Tensors:
        return {PROBABILITY: tf.squeeze(tf.sigmoid(serving(transformed(raw))), 1)}

    def serve_examples(examples: tf.Tensor) -> Tensors:
        return probability(tf.io.parse_example(examples, spec))

    def parsed(tensors: Mapping[str, tf.Tensor]) -> dict[str, Any]:
        any_of_them = next(iter(tensors.values()))
        layout = _one_value_each(tf.shape(any_of_them, tf.int64)[0])
        return {
            name: _as_parsed(tensors[name], spec[name], layout) for name in features
        }

    def serve_tensors(tensors: Mapping[str, tf.Tensor]) -> Tensors:
        return probability(parsed(tensors))

    def transform_examples(examples: tf.Tensor) -> Tensors:
        return transformed(tf.io.parse_example(examples, spec))

    serialized = [tf.TensorSpec([None], tf.string, name=EXAMPLES)]
    arguments = _arguments(features)
    named = [{name: _raw_spec(features[name], arguments[name]) for name in features}]
    endpoints = [
        (SERVING_DEFAULT, serve_examples, serialized),
        (PREDICT, serve_tensors, named),
        (TRANSFORM_FEATURES, transform_examples, serialized),
    ]
    attention = _attention_weights(model, inputs)
    if attention is not None:

        def explain_tensors(tensors: Mapping[str, tf.Tensor]) -> Tensors:
            columns = transformed(parsed(tensors))
            return attention({name: columns[name] for name in attention.input})

        endpoints.append((ATTENTION, explain_tensors, named))
    archive = keras.export.ExportArchive()
    # Not the model: its variables, which the endpoints use, would be saved twice.
    archive.track(layer)
    # For a warm start alone.
    archive.add_variable_collection("weights", [each.value for each in serving.weights])
    for name, function, signature in endpoints:
        # AutoGraph would convert all of TFT's layer, for several seconds and no gain.
        plain = tf.autograph.experimental.do_not_convert(function)
        archive.add_endpoint(name, plain, signature)
    # Keras looks for the tables of TFT's layer; it need not be traced for that.
    with keras_option_scope(save_traces=False, in_tf_saved_model_scope=False):
        archive.write_out(path, verbose=False)
    _name_inputs(arguments, path)
    write_inputs(inputs, serving.tables, path)


def _attention_weights(model: keras.Model, inputs: ModelInputs) -> keras.Model | None:
    """The part of a model from columns to the attention weights of each sequence.

    None where the model has no attention.
    """
    layers = {layer.name: layer for layer in model.layers}
    columns = {tensor.name: tensor for tensor in model.inputs}
    needed: KerasTensors = {}
    weights: KerasTensors = {}
    for column in inputs.ids:
        layer = layers.get(attention_name(column))
        if layer is not None:
            needed |= {name: columns[name] for name in (column.name, column.owner)}
            _, weights[column.name] = layer.output
    return keras.Model(needed, weights) if weights else None


def _arguments(features: Iterable[str]) -> dict[str, str]:
    """Names an argument of a function for each feature, unique whatever the case."""
    arguments: dict[str, str] = {}
    taken: set[str] = set()
    for name in features:
        argument = tensor_name(name)
        while argument.lower() in taken:
            argument += "_"
        taken.add(argument.lower())
        arguments[name] = argument
    return arguments


def _name_inputs(arguments: Mapping[str, str], path: str) -> None:
    """Gives the inputs of signatures with a tensor for each feature its name.

    TensorFlow writes a signature as a function with an argument for each input, and so
    wants identifiers. What a server reads is a map, whose keys may be any text.

    Args:
      arguments: The argument of each feature.
      path: The SavedModel, whose inputs have the names of the arguments.
    """
    if all(name == argument for name, argument in arguments.items()):
        return
    file = os.path.join(path, tf.saved_model.SAVED_MODEL_FILENAME_PB)
    with fileio.open(file, "rb") as stream:
        saved_model = saved_model_pb2.SavedModel.FromString(stream.read())
    (graph,) = saved_model.meta_graphs
    for key in {PREDICT, ATTENTION} & {*graph.signature_def}:
        signature = graph.signature_def[key]
        written = meta_graph_pb2.SignatureDef.FromString(signature.SerializeToString())
        signature.inputs.clear()
        for name, argument in arguments.items():
            signature.inputs[name].CopyFrom(written.inputs[argument])
    with fileio.open(file, "wb") as stream:
        stream.write(saved_model.SerializeToString())
    write_fingerprint(path)


def _raw_spec(feature: Feature, name: str) -> tf.TensorSpec:
    """Shape [batch]; a multi-valued feature has [batch, values], padded with ''."""
    if isinstance(feature, Numeric):
        return tf.TensorSpec([None], tf.float32, name=name)
    return tf.TensorSpec([None, None] if feature.many else [None], tf.string, name=name)


def _one_value_each(examples: tf.Tensor) -> tf.SparseTensor:
    """The layout of a feature with one value in each example, whatever it is."""
    rows = tf.range(examples)
    indices = tf.stack([rows, tf.zeros_like(rows)], axis=1)
    return tf.SparseTensor(indices, rows, tf.stack([examples, 1]))


def _as_parsed(
    tensor: tf.Tensor,
    spec: tf.io.VarLenFeature | tf.io.FixedLenFeature,
    layout: tf.SparseTensor,
) -> tf.Tensor | tf.SparseTensor:
    """A named tensor in the form in which tf.Examples are parsed.

    Args:
      tensor: The values. Transform, too, takes NaN and an empty string for missing.
      spec: The form.
      layout: That of a feature with one value in each example.
    """
    if isinstance(spec, tf.io.FixedLenFeature):
        return tf.reshape(tensor, [-1, *spec.shape])
    if tensor.shape.rank == 1:
        return layout.with_values(tensor)
    where = tf.where(tf.not_equal(tensor, ""))
    return tf.SparseTensor(
        where, tf.gather_nd(tensor, where), tf.shape(tensor, tf.int64)
    )
