"""The training split in two parts, in batches."""

from __future__ import annotations

import contextlib
import tempfile
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from config.training import Training
from trainer.data import dataset
from trainer.data.dataset import training_data
from trainer.data.inputs import IdInput, ModelInputs

# What Transform leaves of an example: its number, as an id too, a list and the label.
SPEC = {
    "id": tf.io.FixedLenFeature([], tf.int64),
    "number": tf.io.FixedLenFeature([], tf.float32),
    "tags": tf.io.VarLenFeature(tf.int64),
    "click": tf.io.FixedLenFeature([], tf.float32),
}
ID = IdInput("id", 1000, 2)
TAGS = IdInput("tags", 10, 2, multivalued=True)
INPUTS = ModelInputs(ids=(ID, TAGS), numbers=("number",))


def _layout(spec):
    """A Transform graph that leaves the columns as they are."""
    return SimpleNamespace(
        raw_feature_spec=lambda: spec, transform_features_layer=lambda: dict
    )


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def small_pieces(monkeypatch):
    """Pieces that a hundred examples fill many of."""
    monkeypatch.setattr(dataset, "_BLOCK", 10)
    monkeypatch.setattr(dataset, "_WINDOW", 30)


@pytest.fixture
def read(tmp_path, write_records):
    """Reads as many examples as wanted, from two files."""
    with contextlib.ExitStack() as stack:

        def _read(count, inputs=INPUTS, **training):
            half = count // 2
            write_records(tmp_path / "a.gz", [_example(i) for i in range(half)])
            write_records(tmp_path / "b.gz", [_example(i) for i in range(half, count)])
            transform = _layout(SPEC)
            patterns = [str(tmp_path / "*.gz")]
            settings = Training(**{"batch_size": 8, **training})
            data = training_data(patterns, inputs, "click", transform, settings)
            return stack.enter_context(data)

        yield _read


def _example(number):
    """Example 3 has the tags 1, 2 and 3, example 4 has none, and so on."""
    tags = list(range(1, number % 4 + 1))
    features = {
        "id": tf.train.Feature(int64_list=tf.train.Int64List(value=[number])),
        "number": tf.train.Feature(float_list=tf.train.FloatList(value=[number])),
        "tags": tf.train.Feature(int64_list=tf.train.Int64List(value=tags)),
        "click": tf.train.Feature(float_list=tf.train.FloatList(value=[number % 2])),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString()


def _epoch(data, epoch=0):
    return data.train(epoch).take(data.steps(epoch))


def _numbers(batches):
    return [int(n) for inputs, _ in batches for n in inputs["number"].numpy()]


@pytest.mark.parametrize(("fraction", "held_out"), [(0.1, 10), (0.25, 25), (0.4, 40)])
@pytest.mark.parametrize("block", [7, 4096])
def test_parts_are_disjoint_complete_and_in_proportion(
    read, fraction, held_out, block, monkeypatch
):
    monkeypatch.setattr(dataset, "_BLOCK", block)
    data = read(100, validation_fraction=fraction)
    train, validation = _numbers(_epoch(data)), _numbers(data.validation)

    assert len(validation) == held_out
    assert sorted(train + validation) == list(range(100))
    # They come from all over the split.
    assert {number // 20 for number in validation} == set(range(5))


@pytest.mark.parametrize("pieces", ["large", "small"])
def test_each_epoch_has_each_example_once_in_another_order(read, pieces, request):
    if pieces == "small":
        request.getfixturevalue("small_pieces")
    data = read(100)
    epochs = [_numbers(_epoch(data, epoch)) for epoch in range(3)]

    assert len(set(epochs[0])) == 90
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(epochs[2])
    assert len({tuple(epoch) for epoch in (*epochs, sorted(epochs[0]))}) == 4


def test_batches_are_mixed_from_all_over_the_split(read, small_pieces):
    batches = [_numbers([batch]) for batch in _epoch(read(100, batch_size=15))]

    assert all(min(batch) < 50 <= max(batch) for batch in batches)


def test_the_seed_decides_the_order(read):
    first, again, other = read(100, seed=3), read(100, seed=3), read(100, seed=4)

    assert _numbers(_epoch(first, 1)) == _numbers(_epoch(again, 1))
    assert _numbers(_epoch(first)) != _numbers(_epoch(other))
    assert _numbers(first.validation) == _numbers(other.validation)


def test_epochs_follow_each_other_each_with_its_batch_size(read, small_pieces):
    data = read(50, batch_size=(8, 20), validation_fraction=0.1)
    batches = list(data.train().take(6 + 3 + 3))

    assert [data.steps(epoch) for epoch in range(3)] == [6, 3, 3]
    sizes = [int(tf.size(labels)) for _, labels in batches]
    assert sizes == [8, 8, 8, 8, 8, 5, 20, 20, 5, 20, 20, 5]
    for epoch, start, end in [(0, 0, 6), (1, 6, 9), (2, 9, 12)]:
        assert _numbers(batches[start:end]) == _numbers(_epoch(data, epoch))


def test_validation_can_be_read_again_and_its_number_of_batches_is_known(read):
    data = read(100)

    assert _numbers(data.validation) == _numbers(data.validation)
    assert data.validation.cardinality() == len(list(data.validation)) == 1


@pytest.mark.parametrize("part", ["train", "validation"])
def test_batches_have_labels_and_padded_lists_of_their_examples(read, part):
    data = read(50, validation_fraction=0.5)
    for inputs, labels in _epoch(data) if part == "train" else data.validation:
        numbers = inputs["number"].numpy().astype(int)
        assert [inputs[name].dtype for name in ("id", "number", "tags")] == [
            tf.int64,
            tf.float32,
            tf.int64,
        ]
        assert inputs["id"].numpy().tolist() == numbers.tolist()
        assert labels.shape == (len(numbers), 1)
        assert labels.dtype == tf.float32
        assert labels.numpy()[:, 0].tolist() == [n % 2 for n in numbers]
        width = inputs["tags"].shape[1]
        assert width == max(number % 4 for number in numbers)
        for number, tags in zip(numbers, inputs["tags"].numpy(), strict=True):
            count = number % 4
            assert tags.tolist() == [*range(1, count + 1), *[0] * (width - count)]


@pytest.mark.parametrize(
    "inputs",
    [
        ModelInputs(ids=(ID,), numbers=()),
        ModelInputs(ids=(TAGS,), numbers=()),
        ModelInputs(ids=(), numbers=("number",)),
    ],
)
def test_a_model_may_lack_a_kind_of_column(read, inputs):
    ((columns, labels),) = read(8, inputs=inputs).train().take(1)

    names = {column.name for column in inputs.ids} | set(inputs.numbers)
    assert set(columns) == names
    assert {len(column) for column in columns.values()} == {len(labels)} == {7}


def test_ids_of_the_largest_tables_are_kept(tmp_path, write_records):
    large, size = 2**31 + 5, 2**31 + 8
    feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[large]))
    features = {"id": feature, "tags": feature, "click": tf.train.Feature()}
    features["click"].float_list.value.append(1.0)
    example = tf.train.Example(features=tf.train.Features(feature=features))
    write_records(tmp_path / "a.gz", [example.SerializeToString()] * 2)
    inputs = ModelInputs(
        ids=(
            IdInput("id", size, 1),
            IdInput("tags", size, 1, multivalued=True),
        ),
        numbers=(),
    )
    transform = _layout({name: SPEC[name] for name in features})
    patterns = [str(tmp_path / "*.gz")]
    with training_data(patterns, inputs, "click", transform, Training()) as data:
        ((columns, _),) = data.train().take(1)

    assert columns["id"].numpy().tolist() == [large]
    assert columns["tags"].numpy().tolist() == [[large]]


def test_all_positives_and_a_share_of_the_negatives_are_trained_on(read, small_pieces):
    # Odd numbers are clicked; those held out, each tenth, are all even.
    data = read(200, negative_rate=0.25)
    train, validation = _numbers(_epoch(data)), _numbers(data.validation)
    whole = _numbers(read(200).validation)
    clicked, rest = [n for n in train if n % 2], [n for n in train if n % 2 == 0]

    assert validation == whole
    assert len(validation) == 20
    assert sorted(clicked) == sorted(set(range(1, 200, 2)) - set(whole))
    assert len(rest) == len(set(rest)) == 20 == (100 - 20) / 4
    assert min(rest) < 50 < 150 < max(rest)
    assert sorted(_numbers(_epoch(data, 1))) == sorted(train)
    other = _numbers(_epoch(read(200, negative_rate=0.25, seed=9)))
    assert sorted(other) != sorted(train)


def test_ids_are_counted_where_an_example_is_trained_on(read, small_pieces):
    data = read(200, negative_rate=0.25)
    looked_up = np.bincount(_numbers(_epoch(data)), minlength=len(data.counts["id"]))

    np.testing.assert_array_equal(data.counts["id"], looked_up)


def test_counts_of_lists_are_of_their_values_and_of_empty_lists(read):
    # Examples 4, 8, 12, ... have none, 1, 5, 9, ... the tag 1, and so on; every tenth
    # is held out.
    data = read(200)
    lists = [set(range(1, n % 4 + 1)) or {0} for n in _numbers(_epoch(data))]

    expected = [sum(tag in tags for tags in lists) for tag in range(10)]
    assert data.counts["tags"].tolist() == expected


def test_two_examples_are_enough_for_two_parts(read):
    data = read(2, validation_fraction=0.1, negative_rate=0.01)

    assert _numbers(_epoch(data)) == [1]
    assert _numbers(data.validation) == [0]


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_examples_are_an_error_that_says_so(read, count, temporary):
    with pytest.raises(InputError, match=f"{count} examples.* 2"):
        read(count)

    assert not list(temporary.glob("ctr-*"))


def test_parsed_examples_are_removed_at_the_end(tmp_path, write_records, temporary):
    write_records(tmp_path / "a.gz", [_example(i) for i in range(20)])
    transform = _layout(SPEC)
    patterns = [str(tmp_path / "*.gz")]
    with (
        contextlib.suppress(KeyboardInterrupt),
        training_data(patterns, INPUTS, "click", transform, Training()) as data,
    ):
        next(iter(data.train()))
        assert list(temporary.glob("ctr-*"))
        raise KeyboardInterrupt

    assert not list(temporary.glob("ctr-*"))
