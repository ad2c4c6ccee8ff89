"""Rows of the eval split become the same in both forms."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from components.infra_validator.requests import Rows, read_examples
from serving.scorer import Scorer


@pytest.fixture(scope="module")
def scorer(tiny_models):
    return Scorer(str(tiny_models("wide_deep").saved_model))


def _tensors(request):
    parsed = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    return {name: tf.make_ndarray(each) for name, each in parsed.inputs.items()}


def test_the_first_rows_of_all_files_are_read(split, tiny):
    examples = read_examples(str(split / "Split-eval"), 120)

    expected = tiny.as_examples([*tiny.probe_rows, *tiny.rows])
    assert examples == expected[:120]


def test_rows_are_tensors_in_which_missing_values_are_empty(scorer, tiny):
    examples = tiny.as_examples(tiny.probe_rows[:3])
    rows = Rows(examples, scorer.inputs)

    (request,) = rows.requests("tiny", "predict", 10)
    assert request.model_spec.name == "tiny"
    assert request.model_spec.signature_name == "predict"
    tensors = _tensors(request)
    assert tensors["device"].tolist() == [b"phone", b"tablet", b""]
    np.testing.assert_array_equal(tensors["age"], np.float32([31.0, 44.0, np.nan]))
    assert tensors["age"].dtype == np.float32
    assert tensors["tags"].tolist() == [
        [b"", b"x", b"y"],
        [b"", b"", b"z"],
        [b"", b"", b""],
    ]

    (request,) = rows.requests("tiny", "serving_default", 10)
    assert _tensors(request)["examples"].tolist() == examples


def test_requests_have_the_size_that_is_asked(scorer, tiny):
    examples = tiny.as_examples(tiny.probe_rows)
    requests = Rows(examples, scorer.inputs).requests("tiny", "serving_default", 3)

    sizes = [len(_tensors(request)["examples"]) for request in requests]
    assert sizes == [3, 3, 1]
    sent = [each for r in requests for each in _tensors(r)["examples"]]
    assert sent == examples
