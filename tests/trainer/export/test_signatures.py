"""The exported model answers as the trained model does, by each signature.

The trained model gets the rows that Transform made in bulk, as in training, so a
difference between training and serving shows too.
"""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.export.signatures import export
from trainer.layers.calibration import CalibratedLogit
from trainer.models import MODELS

TOLERANCE = {"rtol": 0, "atol": 1e-5}


@pytest.fixture(scope="module", params=MODELS)
def tiny_model(request, tiny_models):
    return tiny_models(request.param)


@pytest.fixture(scope="module")
def signatures(tiny_model):
    # Signatures hold their model weakly.
    loaded = tf.saved_model.load(str(tiny_model.saved_model))
    yield loaded.signatures
    del loaded


def _raw_tensors(rows):
    """One tensor for each feature; NaN or '' where a row has no value."""
    tensors = {}
    for name in ("age", "price"):
        numbers = [(row.get(name) or [np.nan])[0] for row in rows]
        tensors[name] = tf.constant(numbers, tf.float32)
    for name in ("device", "user"):
        texts = [(row.get(name) or [""])[0] for row in rows]
        tensors[name] = tf.constant(texts, tf.string)
    for name in ("tags", "history"):
        lists = [row.get(name, []) for row in rows]
        # Wider than the longest list, and padded on both sides, as batches are.
        width = max(map(len, lists), default=0) + 3
        padded = [["", *texts] + [""] * (width - len(texts) - 1) for texts in lists]
        tensors[name] = tf.reshape(tf.constant(padded, tf.string), [len(rows), width])
    return tensors


def _predict(signatures, rows):
    return signatures["predict"](**_raw_tensors(rows))["probability"].numpy()


def _serve(signatures, tiny, rows):
    examples = tf.constant(tiny.as_examples(rows), tf.string)
    return signatures["serving_default"](examples=examples)["probability"].numpy()


def test_probes_are_told_apart(tiny_model, tiny):
    """Else the tests below would compare a constant with itself."""
    probabilities = tiny_model.probabilities(tiny.transformed_probes)

    assert len(np.unique(probabilities.round(4))) >= 5
    assert ((probabilities > 0) & (probabilities < 1)).all()


def test_serialised_examples_and_raw_tensors_give_the_trained_models_answer(
    tiny_model, tiny, signatures
):
    rows = tiny.probe_rows + tiny.rows[:50]
    expected = tiny_model.probabilities(tiny.transformed_probes + tiny.transformed[:50])

    served = _serve(signatures, tiny, rows)
    predicted = _predict(signatures, rows)
    assert served.dtype == predicted.dtype == np.float32
    np.testing.assert_allclose(served, expected, **TOLERANCE)
    np.testing.assert_allclose(predicted, expected, **TOLERANCE)


def test_a_row_has_the_same_answer_alone_and_in_a_batch(tiny_model, tiny, signatures):
    row, expected = (
        tiny.probe_rows[0],
        tiny_model.probabilities(tiny.transformed_probes[:1]),
    )

    np.testing.assert_allclose(_serve(signatures, tiny, [row]), expected, **TOLERANCE)
    np.testing.assert_allclose(_predict(signatures, [row]), expected, **TOLERANCE)


def test_texts_in_any_notation_have_one_answer(signatures, tiny):
    def with_user(texts):
        return [{**tiny.probe_rows[0], "user": [text]} for text in texts]

    sent = ["True", "-0.0", "7.0", "1.23E12", "1.0E-7", "FALSE"]
    rows = with_user(["true", "0", "7", "1230000000000", "1e-07", "false"])

    expected = _serve(signatures, tiny, rows)
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(_serve(signatures, tiny, with_user(sent)), expected)
    np.testing.assert_array_equal(_predict(signatures, with_user(sent)), expected)


def test_an_empty_batch_has_an_empty_answer(tiny, signatures):
    assert _serve(signatures, tiny, []).shape == (0,)
    assert _predict(signatures, []).shape == (0,)


def test_the_label_is_no_input(signatures, tiny):
    _, inputs = signatures["predict"].structured_input_signature

    assert set(inputs) == set(tiny.config.features)


def test_transform_features_gives_the_transformed_columns(tiny, signatures):
    spec = tiny.transform.transformed_feature_spec()
    expected = tiny.inputs.dense(
        tf.io.parse_example(tiny.transformed_probes + tiny.transformed[:20], spec)
    )
    examples = tf.constant(tiny.as_examples(tiny.probe_rows + tiny.rows[:20]))

    transformed = signatures["transform_features"](examples=examples)
    assert set(transformed) == set(expected)
    for name, column in expected.items():
        np.testing.assert_allclose(transformed[name], column, rtol=1e-5, err_msg=name)


def _answers_of_graph_loader(path, tiny, rows):
    """The answers of both signatures; the second loader of SavedModels.

    TensorFlow Serving restores variables by the graph, not by Python objects.
    """
    raw = {name: tensor.numpy() for name, tensor in _raw_tensors(rows).items()}
    requests = {
        "serving_default": {"examples": tiny.as_examples(rows)},
        "predict": raw,
    }
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], str(path))
        for name, tensors in requests.items():
            signature = graph.signature_def[name]
            feed = {signature.inputs[key].name: tensors[key] for key in tensors}
            yield name, session.run(signature.outputs["probability"].name, feed)


def test_the_graph_loader_of_tensorflow_serving_gives_the_same_answers(
    tiny_model, tiny
):
    expected = tiny_model.probabilities(tiny.transformed_probes)

    path = tiny_model.saved_model
    for name, answer in _answers_of_graph_loader(path, tiny, tiny.probe_rows):
        np.testing.assert_allclose(answer, expected, **TOLERANCE, err_msg=name)


def test_every_weight_is_saved_once(tiny_model):
    saved = tf.train.list_variables(str(tiny_model.saved_model / "variables/variables"))
    sizes = [math.prod(shape) for name, shape in saved if name.endswith("VALUE")]

    assert sum(sizes) == tiny_model.model.count_params()


def test_both_loaders_calibrate_as_numpy_does(tiny_models, tiny, tmp_path):
    """A curve of three lines, of slope 1 at its ends, and offsets by two features."""
    model = tiny_models("wide_deep").model
    knots, values = np.array([-3.0, -2.0, -1.0, 0.0]), np.array([-5.0, -4.0, 0.5, 1.5])
    columns = {each.name: each for each in tiny.inputs.ids}
    offsets = {
        name: np.linspace(-1.0, 1.0, columns[name].num_ids)
        for name in ("device", "user")
    }
    layer = CalibratedLogit(knots, values, list(offsets.values()))
    logit = layer(model.output, [model.input[name] for name in offsets])
    calibrated = keras.Model(model.input, logit)
    path = str(tmp_path / "model")
    export(calibrated, tiny.inputs, tiny.part.features, tiny.transform, path)

    rows = tiny.probe_rows + tiny.rows[:100]
    spec = tiny.transform.transformed_feature_spec()
    transformed = tiny.transformed_probes + tiny.transformed[:100]
    batch = tiny.inputs.dense(tf.io.parse_example(transformed, spec))
    logits = model(batch, training=False).numpy()[:, 0].astype(np.float64)
    assert (np.histogram(logits, [-9, -3, -2, -1, 0, 9])[0] > 0).sum() >= 3
    # NumPy holds the ends.
    beyond = logits - np.clip(logits, knots[0], knots[-1])
    logits = np.interp(logits, knots, values) + beyond
    logits += sum(each[batch[name]] for name, each in offsets.items())
    expected = 1 / (1 + np.exp(-logits))

    loaded = tf.saved_model.load(path)
    answers = dict(_answers_of_graph_loader(path, tiny, rows))
    answers["served"] = _serve(loaded.signatures, tiny, rows)
    answers["predicted"] = _predict(loaded.signatures, rows)
    for name, answer in answers.items():
        np.testing.assert_allclose(answer, expected, rtol=0, atol=1e-6, err_msg=name)
