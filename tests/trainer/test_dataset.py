"""The training split in two parts, in batches."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import tensorflow as tf

from pipeline.config.model import Training
from pipeline.errors import InputError
from trainer.dataset import read_training_data
from trainer.inputs import IdInput, ModelInputs

# What Transform leaves of an example: its number, a list and the label.
SPEC = {
    "number": tf.io.FixedLenFeature([], tf.float32),
    "tags": tf.io.VarLenFeature(tf.int64),
    "click": tf.io.FixedLenFeature([], tf.float32),
}
INPUTS = ModelInputs(
    ids=(IdInput("tags", 10, multivalued=True, crossed=False, embedding_size=2),),
    numbers=("number",),
)


@pytest.fixture
def read(tmp_path, write_records):
    """Reads as many examples as wanted, from two files."""

    def _read(count, **training):
        half = count // 2
        write_records(tmp_path / "a.gz", [_example(i) for i in range(half)])
        write_records(tmp_path / "b.gz", [_example(i) for i in range(half, count)])
        transform = SimpleNamespace(transformed_feature_spec=lambda: SPEC)
        patterns = [str(tmp_path / "*.gz")]
        settings = Training(**{"batch_size": 8, **training})
        return read_training_data(patterns, INPUTS, "click", transform, settings)

    return _read


def _example(number):
    """Example 3 has the tags 1, 2 and 3, example 4 has none, and so on."""
    tags = list(range(1, number % 4 + 1))
    features = {
        "number": tf.train.Feature(float_list=tf.train.FloatList(value=[number])),
        "tags": tf.train.Feature(int64_list=tf.train.Int64List(value=tags)),
        "click": tf.train.Feature(float_list=tf.train.FloatList(value=[number % 2])),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString()


def _numbers(dataset):
    return [int(n) for inputs, _ in dataset for n in inputs["number"].numpy()]


@pytest.mark.parametrize(
    ("fraction", "held_out"), [(0.1, 10), (0.25, 25), (0.3, 30), (0.4, 40), (0.5, 50)]
)
def test_parts_are_disjoint_complete_and_in_proportion(read, fraction, held_out):
    data = read(100, validation_fraction=fraction)
    train, validation = _numbers(data.train), _numbers(data.validation)

    assert len(validation) == held_out
    assert sorted(train + validation) == list(range(100))


def test_held_out_examples_come_from_all_over_the_split(read):
    validation = _numbers(read(100, validation_fraction=0.1).validation)

    assert [number // 10 for number in validation] == list(range(10))


def test_each_epoch_has_another_order_and_each_seed_others(read):
    data = read(100, seed=3)
    epochs = [_numbers(data.train) for _ in range(2)]
    again = read(100, seed=3)

    assert epochs[0] != epochs[1] != sorted(epochs[1])
    assert sorted(epochs[0]) == sorted(epochs[1])
    assert [_numbers(again.train) for _ in range(2)] == epochs
    assert _numbers(read(100, seed=4).train) != epochs[0]
    assert _numbers(data.validation) == _numbers(again.validation)


def test_batches_have_labels_and_padded_lists_of_their_examples(read):
    for inputs, labels in read(50).train:
        numbers = inputs["number"].numpy().astype(int)
        assert len(numbers) <= 8
        assert labels.shape == (len(numbers), 1)
        assert labels.dtype == tf.float32
        assert labels.numpy()[:, 0].tolist() == [n % 2 for n in numbers]
        width = inputs["tags"].shape[1]
        for number, tags in zip(numbers, inputs["tags"].numpy(), strict=True):
            count = number % 4
            assert tags.tolist() == [*range(1, count + 1), *[0] * (width - count)]


def test_two_examples_are_enough_for_two_parts(read):
    data = read(2, validation_fraction=0.1)

    assert _numbers(data.train) == [1]
    assert _numbers(data.validation) == [0]


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_examples_are_an_error_that_says_so(read, count):
    with pytest.raises(InputError, match=f"{count} examples.* at least 2"):
        read(count)
