"""Past items that counted, in a few examples."""

from __future__ import annotations

import numpy as np
import pytest

from components.evaluation_report.collect.attention import attended_examples
from components.evaluation_report.collect.sample import Sample, read_sample
from serving.scorer import Scorer


@pytest.fixture(scope="module")
def sample(tiny, tmp_path_factory, write_records):
    folder = tmp_path_factory.mktemp("split")
    write_records(folder / "a.gz", tiny.as_examples(tiny.rows))
    return read_sample(str(folder), tiny.config.features, "click", 400, 400)


@pytest.fixture(scope="module")
def scorer(tiny_models):
    return Scorer(str(tiny_models("din").saved_model))


@pytest.fixture(scope="module")
def attention(tiny, scorer, sample):
    (found,) = attended_examples(scorer, tiny.config.features, sample)
    return found


def test_examples_are_from_the_lowest_to_the_highest_prediction(
    attention, scorer, sample, tiny
):
    long = [len(row["history"]) > 1 for row in tiny.rows]
    predictions = scorer.probabilities(sample.columns)[long]
    found = [each.prediction for each in attention.examples]

    assert (attention.feature, attention.like) == ("history", "device")
    assert len(found) == 6
    assert found == sorted(found)
    assert found[0] == pytest.approx(predictions.min(), abs=1e-6)
    assert found[-1] == pytest.approx(predictions.max(), abs=1e-6)


def test_items_are_those_of_the_example_the_heaviest_first(attention, tiny):
    rows = {
        (row["device"][0], bool(row["click"][0]), len(row["history"]), _ages(row))
        for row in tiny.rows
    }
    for each in attention.examples:
        ages = frozenset((item.item, item.times, item.age) for item in each.items)
        assert (each.target, each.clicked, each.length, ages) in rows
        weights = [abs(item.weight) for item in each.items]
        assert weights == sorted(weights, reverse=True)
        assert max(weights) > 0


def _ages(row):
    """Each item that is kept, how often it is there, and how many items ago."""
    kept = row["history"][-3:]
    return frozenset(
        (item, kept.count(item), 1 + kept[::-1].index(item)) for item in kept
    )


def test_equal_items_at_a_position_have_equal_weights_for_a_target(attention):
    weights: dict[tuple[str, str, int], list[float]] = {}
    for each in attention.examples:
        for item in each.items:
            if item.times == 1:
                key = (each.target, item.item, item.age)
                weights.setdefault(key, []).append(item.weight)

    assert len(weights) > 1
    assert any(len(same) > 1 for same in weights.values())
    for same in weights.values():
        np.testing.assert_allclose(same, same[0], atol=1e-6)


def test_without_attention_or_histories_there_is_none(
    tiny, tiny_models, scorer, sample
):
    features = tiny.config.features
    mean = Scorer(str(tiny_models("embedding_mlp").saved_model))
    empty = np.full((len(sample.labels), 1), b"", object)
    without = Sample({**sample.columns, "history": empty}, sample.labels)

    assert attended_examples(mean, features, sample) == ()
    assert attended_examples(scorer, features, without) == ()
