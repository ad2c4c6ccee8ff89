"""Scores of raw rows are those of the trained model."""

from __future__ import annotations

import numpy as np
import pytest

from serving import scorer
from serving.scorer import Scorer


@pytest.fixture(scope="module")
def trained(tiny_models):
    return tiny_models("wide_deep")


def _columns(rows):
    def texts(name):
        return [[text.encode() for text in row.get(name, [])] for row in rows]

    def padded(lists, width):
        return np.array([(row + [b""] * width)[:width] for row in lists], object)

    def numbers(name):
        return np.array([(row.get(name) or [np.nan])[0] for row in rows], np.float32)

    return {
        "device": padded(texts("device"), 1)[:, 0],
        "user": padded(texts("user"), 1)[:, 0],
        "tags": padded(texts("tags"), 3),
        "history": padded(texts("history"), 5),
        "age": numbers("age"),
        "price": numbers("price"),
    }


@pytest.mark.parametrize("batch", [3, 1000])
def test_rows_are_scored_in_their_order(batch, trained, tiny, monkeypatch):
    monkeypatch.setattr(scorer, "_BATCH", batch)
    scores = Scorer(str(trained.saved_model)).probabilities(_columns(tiny.probe_rows))

    expected = trained.probabilities(tiny.transformed_probes)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-5)


def test_the_features_are_those_of_the_model(trained, tiny):
    assert Scorer(str(trained.saved_model)).features == set(tiny.config.features)


def test_examples_become_the_columns_of_the_model(trained, tiny):
    examples = tiny.as_examples(tiny.probe_rows)
    columns = Scorer(str(trained.saved_model)).transformed(examples)

    assert set(columns) == {
        *(column.name for column in tiny.inputs.ids),
        *tiny.inputs.numbers,
    }
    assert {len(column) for column in columns.values()} == {len(examples)}
    # "phone" and "tablet" have an id each; a missing value has 0.
    phone, tablet, nothing = columns["device"][:3]
    assert phone != tablet
    assert nothing == 0
