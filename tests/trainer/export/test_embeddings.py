"""Exported vectors are the rows of the trained tables, by term."""

from __future__ import annotations

import logging
import shutil

import numpy as np
import pytest

from config.embeddings import embedded_features, embeddings_file, read_embeddings
from serving.releases.records import ReleaseRecord
from serving.releases.versions import model_digest, version_path
from serving.releases.writer import release_model
from trainer.export.embeddings import export_embeddings

FEATURES = ("device", "tags")


@pytest.fixture(scope="module")
def trained(tiny_models):
    return tiny_models("embedding_mlp")


@pytest.fixture
def saved_model(trained, tiny, tmp_path):
    folder = str(tmp_path / "model")
    export_embeddings(trained.model, FEATURES, tiny.transform, folder)
    return folder


def test_the_vectors_are_those_that_the_examples_look_up(trained, tiny, saved_model):
    """The ids are those that Transform gave the values, not just their places."""
    import keras
    import tensorflow as tf

    layer = trained.model.get_layer("deep.embedding.device")
    lookup = keras.Model(trained.model.inputs, layer.output)
    spec = tiny.transform.transformed_feature_spec()
    parsed = tf.io.parse_example(tiny.transformed, spec)
    looked_up = lookup(tiny.inputs.dense(parsed)).numpy()
    embeddings = read_embeddings(embeddings_file(saved_model, "device"))

    for row, vector in zip(tiny.rows, looked_up, strict=True):
        place = embeddings.terms.index(row["device"][0])
        np.testing.assert_array_equal(vector, embeddings.vectors[place])


def test_a_model_without_embeddings_exports_none(tiny_models, tiny, tmp_path, caplog):
    model = tiny_models("linear").model
    with caplog.at_level(logging.WARNING, logger="trainer"):
        export_embeddings(model, FEATURES, tiny.transform, str(tmp_path))

    assert embedded_features(str(tmp_path), ["device"]) == []
    assert "device" in caplog.text


def test_a_release_has_the_vectors(trained, tiny, tmp_path):
    candidate = str(shutil.copytree(trained.saved_model, tmp_path / "candidate"))
    export_embeddings(trained.model, FEATURES, tiny.transform, candidate)
    model_dir = str(tmp_path / "models")
    record = ReleaseRecord(status="released", digest=model_digest(candidate))
    released = release_model(candidate, model_dir, record)

    path = version_path(model_dir, released.version)
    assert embedded_features(path, ["tags", "user", "device"]) == ["device", "tags"]


def test_the_trainer_exports_the_configured_features(train_tiny):
    model = train_tiny({"epochs": 1, "export_embeddings": ["tags"]}).saved_model

    assert embedded_features(str(model), ["device", "tags"]) == ["tags"]
