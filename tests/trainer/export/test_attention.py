"""The signature of attention weights."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture(scope="module")
def din(tiny_models):
    return tiny_models("din")


def _transformed(tiny):
    spec = tiny.transform.transformed_feature_spec()
    return tiny.inputs.dense(tf.io.parse_example(tiny.transformed_probes, spec))


@pytest.fixture(scope="module")
def raw(tiny):
    """The probes as tensors, with padding on both sides of the lists."""

    def padded(name):
        lists = [["", *row.get(name, []), ""] for row in tiny.probe_rows]
        width = max(map(len, lists))
        return np.array([row + [""] * (width - len(row)) for row in lists])

    def single(name, missing):
        values = [row.get(name) or [missing] for row in tiny.probe_rows]
        return np.array([value[0] for value in values])

    return {
        **{name: padded(name) for name in ("tags", "history")},
        **{name: single(name, "") for name in ("device", "user")},
        **{name: single(name, np.nan).astype("float32") for name in ("age", "price")},
    }


def test_the_weights_are_those_of_the_trained_model(din, tiny, raw):
    columns = _transformed(tiny)
    layer = din.model.get_layer("deep.attention.history")
    table = din.model.get_layer("deep.embedding.device")
    vectors = table(columns["history"], pooled=False)
    _, expected = layer(table(columns["device"]), vectors, columns["history"])

    path = str(din.saved_model)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], path)
        signature = graph.signature_def["attention"]
        feed = {signature.inputs[name].name: raw[name] for name in raw}
        (weights,) = signature.outputs.values()
        found = session.run(weights.name, feed)
    assert set(signature.outputs) == {"history"}
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (found != 0).tolist() == (columns["history"].numpy() != 0).tolist()


def test_a_model_without_attention_has_no_such_signature(tiny_models):
    model = tiny_models("embedding_mlp")
    loaded = tf.saved_model.load(str(model.saved_model))

    assert "attention" not in loaded.signatures
