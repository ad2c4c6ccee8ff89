"""Sizes of the columns that a model takes."""

from __future__ import annotations

import pytest

from trainer.data.inputs import embedding_size


@pytest.mark.parametrize(
    ("num_ids", "rule", "size"),
    [
        (10, 7, 7),
        (1_000_000, 7, 7),
        (16, "6n^0.25", 12),
        (10_000, "6n^0.25", 60),
        (1, "6n^0.25", 6),
        (16, "n^0.25", 2),
        (10_000, "n^0.25", 10),
        (1, "n^0.25", 1),
    ],
)
def test_embedding_size_is_given_or_a_rule_on_the_number_of_ids(num_ids, rule, size):
    assert embedding_size(num_ids, rule) == size


def test_inputs_are_sized_by_configuration_and_vocabularies(tiny):
    sizes = {column.name: column.num_ids for column in tiny.inputs.ids}

    assert sizes == {
        "device": 1 + 2 + 1,  # missing; phone and tablet; out of vocabulary
        "tags": 1 + 3 + 2,  # padding; x, y and z; out of vocabulary
        "user": 1 + 10,  # missing; hash buckets
        "history": 1 + 2 + 1,  # as device
        "age_bucket": 1 + 12,  # missing; at most three times as many as asked for
        "device_x_age": 1 + 50,
        "device_x_tags": 1 + 50,
    }
    assert tiny.inputs.numbers == ("age", "age_missing", "price")


def test_only_lists_and_crosses_with_lists_are_multivalued(tiny):
    many = {column.name for column in tiny.inputs.ids if column.multivalued}

    assert many == {"tags", "history", "device_x_tags"}


def test_all_transformed_ids_are_within_their_tables(tiny):
    import tensorflow as tf

    spec = tiny.transform.transformed_feature_spec()
    parsed = tf.io.parse_example(tiny.transformed + tiny.transformed_probes, spec)
    dense = tiny.inputs.dense(parsed)

    for column in tiny.inputs.ids:
        ids = dense[column.name].numpy()
        assert ids.min() >= 0, column.name
        assert ids.max() < column.num_ids, column.name
