"""Exported vectors are the rows of the trained tables, by term."""

from __future__ import annotations

import logging
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from config.columns import MISSING_ID
from config.embeddings import embedded_features, embeddings_file, read_embeddings
from config.parts import TrainerPart
from serving.releases.records import ReleaseRecord
from serving.releases.versions import model_digest, version_path
from serving.releases.writer import release_model
from trainer.export.embeddings import export_embeddings
from trainer.fit.run import run_fn
from trainer.warm_start.vectors import read_vectors

FEATURES = ("device", "tags")


@pytest.fixture(scope="module")
def trained(tiny_models):
    return tiny_models("embedding_mlp")


@pytest.fixture
def saved_model(trained, tiny, tmp_path):
    folder = str(tmp_path / "model")
    export_embeddings(trained.model, FEATURES, tiny.transform, folder)
    return folder


@pytest.mark.parametrize("feature", FEATURES)
def test_a_terms_vector_is_the_row_of_its_id(feature, trained, tiny, saved_model):
    table = trained.model.get_layer(f"deep.embedding.{feature}").table.numpy()
    ids = {
        term.decode(): MISSING_ID + 1 + place
        for place, term in enumerate(tiny.transform.vocabulary_by_name(feature))
    }
    embeddings = read_embeddings(embeddings_file(saved_model, feature))

    assert set(embeddings.terms) == {
        value for row in tiny.rows for value in row[feature]
    }
    for term, vector in zip(embeddings.terms, embeddings.vectors, strict=True):
        np.testing.assert_array_equal(vector, table[ids[term]], err_msg=term)


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
    assert "no vectors of device: the model has no embeddings" in caplog.text


def test_a_release_has_the_vectors(trained, tiny, tmp_path):
    candidate = str(shutil.copytree(trained.saved_model, tmp_path / "candidate"))
    export_embeddings(trained.model, FEATURES, tiny.transform, candidate)
    model_dir = str(tmp_path / "models")
    record = ReleaseRecord(status="released", digest=model_digest(candidate))
    released = release_model(candidate, model_dir, record)

    path = version_path(model_dir, released.version)
    assert embedded_features(path, ["tags", "user", "device"]) == ["device", "tags"]


def test_the_trainer_exports_what_is_configured(tiny, tmp_path, write_records):
    write_records(tmp_path / "train.gz", tiny.transformed)
    update = {"epochs": 1, "export_embeddings": ("tags",)}
    training = tiny.config.training.model_copy(update=update)
    config = tiny.config.model_copy(update={"training": training})
    fn_args = SimpleNamespace(
        custom_config={"part": TrainerPart.of(config).model_dump_json()},
        transform_output=tiny.transform.transform_savedmodel_dir.rsplit("/", 1)[0],
        train_files=[str(tmp_path / "train.gz")],
        model_run_dir=str(tmp_path / "logs"),
        serving_model_dir=str(tmp_path / "model"),
        hyperparameters=None,
        base_model=None,
    )
    run_fn(fn_args)

    assert embedded_features(fn_args.serving_model_dir, ["device", "tags"]) == ["tags"]


def test_a_model_can_start_from_the_file(saved_model):
    path = embeddings_file(saved_model, "device")
    started = read_vectors(path, "device", size=4)
    embeddings = read_embeddings(path)

    assert [term.as_py().decode() for term in started.terms] == embeddings.terms
    np.testing.assert_array_equal(started.vectors, embeddings.vectors)
