"""The model as it is served: the logits of the trained one, in fewer operations."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.serving.operations import operations
from trainer.export.serving_model import ServingModel
from trainer.models import MODELS
from trainer.warm_start.exported_model import ExportedModel


@pytest.fixture(scope="module", params=MODELS)
def tiny_model(request, tiny_models):
    return tiny_models(request.param)


def test_logits_are_those_of_the_trained_model(tiny_model, tiny):
    spec = tiny.transform.transformed_feature_spec()
    columns = tiny.inputs.dense(tf.io.parse_example(tiny.transformed, spec))

    expected = tiny_model.model(columns, training=False)
    assert len(np.unique(expected.numpy().round(3))) > 50
    served = ServingModel(tiny_model.model)(columns)
    np.testing.assert_allclose(served, expected, rtol=0, atol=1e-6)


def test_exported_weights_are_those_of_the_trained_model(tiny_model):
    exported = ExportedModel(str(tiny_model.saved_model))

    tables = ServingModel(tiny_model.model).tables
    for weight in tiny_model.model.weights:
        found = exported.weights(weight.path)
        np.testing.assert_array_equal(found, weight.numpy(), err_msg=weight.path)
    joined = [each for each in tiny_model.model.weights if each.path in tables]
    assert len({tables[each.path].variable for each in joined}) < len(joined)


@pytest.mark.parametrize(
    ("signature", "most"), [("serving_default", 210), ("predict", 220)]
)
def test_a_request_takes_few_operations(tiny_models, tiny, signature, most):
    """A column, a table and a layer more each cost time in every request."""
    row = tiny.rows[0]
    tensors = {
        "serving_default": {"examples": tiny.as_examples([row])},
        "predict": {name: [row[name]] for name in ("tags", "history")}
        | {name: (row[name] or [np.nan])[:1] for name in ("age", "price")}
        | {name: (row[name] or [""])[:1] for name in ("device", "user")},
    }[signature]
    count = operations(tiny_models("wide_deep").saved_model, signature, tensors)
    del count["Const"]
    assert count.total() <= most, count.most_common()
