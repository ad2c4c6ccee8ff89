"""What a sample of examples tells about a small model."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn import metrics

from components.evaluation_report.collect.importance import (
    ImportanceError,
    measure_importances,
)
from components.evaluation_report.collect.sample import Sample, read_sample
from components.evaluation_report.collect.wide import heaviest_weights
from serving.scorer import Scorer
from trainer.warm_start.exported_model import ExportedModel


@pytest.fixture(scope="module")
def split(tiny, tmp_path_factory, write_records):
    """The rows in two files, as ExampleGen writes a split."""
    folder = tmp_path_factory.mktemp("split")
    examples = tiny.as_examples(tiny.rows)
    write_records(folder / "a.gz", examples[:300])
    write_records(folder / "b.gz", examples[300:])
    return str(folder)


@pytest.fixture(scope="module")
def sample(tiny, split):
    return read_sample(split, tiny.config.features, "click", len(tiny.rows), 10_000)


@pytest.fixture(scope="module")
def scorer(tiny_models):
    return Scorer(str(tiny_models("wide_deep").saved_model))


@pytest.fixture(scope="module")
def model(tiny_models):
    return ExportedModel(str(tiny_models("wide_deep").saved_model))


@pytest.fixture(scope="module")
def weigh(tiny, scorer, model):
    """The heaviest weights, named by a sample."""

    def _weigh(sample, scorer=scorer, model=model):
        config = tiny.config
        return heaviest_weights(scorer, model, config.features, config.crosses, sample)

    return _weigh


@pytest.fixture(scope="module")
def weights(weigh, sample):
    return weigh(sample)


def test_a_sample_scores_as_the_model_does(tiny, tiny_models, sample, scorer):
    expected = tiny_models("wide_deep").probabilities(tiny.transformed)

    assert list(sample.labels) == [row["click"][0] for row in tiny.rows]
    np.testing.assert_allclose(
        scorer.probabilities(sample.columns), expected, atol=1e-6
    )


def test_a_small_sample_is_from_all_over_the_split(tiny, split):
    sample = read_sample(split, tiny.config.features, "click", len(tiny.rows), 150)

    # Every third row, of both files.
    assert list(sample.labels) == [row["click"][0] for row in tiny.rows[::3]]


def test_a_feature_without_any_value_is_missing(tiny, tmp_path, write_records):
    rows = [{"click": [1.0], "device": ["phone"]}] * 3
    write_records(tmp_path / "a.gz", tiny.as_examples(rows))
    sample = read_sample(str(tmp_path), tiny.config.features, "click", 3, 10)

    assert np.isnan(sample.columns["age"]).all()
    assert sample.columns["tags"].tolist() == [[b""]] * 3
    assert sample.columns["device"].tolist() == [b"phone"] * 3


def test_importance_is_the_auc_that_is_lost(sample, scorer):
    found = measure_importances(scorer, sample)
    auc = metrics.roc_auc_score(sample.labels, scorer.probabilities(sample.columns))

    assert found.auc == auc
    assert {each.feature for each in found.features} == set(sample.columns)
    losses = [each.auc_loss for each in found.features]
    assert losses == sorted(losses, reverse=True)
    for each in found.features:
        assert each.lowest <= each.auc_loss <= each.highest


def test_a_feature_with_one_value_has_no_importance(sample, scorer):
    same = np.full_like(sample.columns["device"], b"phone")
    constant = Sample({**sample.columns, "device": same}, sample.labels)
    found = {
        each.feature: each for each in measure_importances(scorer, constant).features
    }

    assert found["device"].auc_loss == 0.0
    assert found["device"].log_loss_rise == 0.0
    assert found["age"].log_loss_rise != 0.0


def test_one_label_gives_no_importance(sample, scorer):
    clicks = Sample(sample.columns, np.ones_like(sample.labels))

    with pytest.raises(ImportanceError, match="all examples of the sample have one"):
        measure_importances(scorer, clicks)


def test_a_prediction_of_nan_gives_no_importance(sample):
    class Astray:
        def probabilities(self, columns):
            found = np.full(len(sample.labels), 0.5, np.float32)
            found[7] = np.nan
            return found

    with pytest.raises(ImportanceError, match="predicts what is not a number"):
        measure_importances(Astray(), sample)


def test_weights_that_are_not_numbers_are_left_out(tiny_models, weigh, sample):
    class Astray(ExportedModel):
        def weights(self, name):
            table = super().weights(name)
            return np.full_like(table, np.nan) if name == "wide.device/table" else table

    found = weigh(sample, model=Astray(str(tiny_models("wide_deep").saved_model)))

    assert np.isfinite([each.weight for each in found.heaviest]).all()
    assert "device" not in {each.column for each in found.heaviest}


def test_the_heaviest_weights_come_first(weights):
    sizes = [abs(each.weight) for each in weights.heaviest]

    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 30 < weights.ids
    assert weights.examples == 400


def test_terms_of_a_vocabulary_have_their_weight_and_share(tiny, model, weights):
    table = model.weights("wide.device/table")[:, 0]
    terms = [term.as_py().decode() for term in model.terms("device")]
    count = Counter(row["device"][0] for row in tiny.rows)

    found = {each.term: each for each in weights.heaviest if each.column == "device"}
    assert found
    for term, each in found.items():
        assert each.weight == table[1 + terms.index(term)]
        assert each.share == count[term] / 400


def test_items_of_a_sequence_are_those_that_the_model_is_given(
    tiny, weigh, sample, monkeypatch
):
    monkeypatch.setattr("components.evaluation_report.collect.wide._HEAVIEST", 10_000)
    kept = [set(row["history"][-3:]) for row in tiny.rows]
    found = weigh(sample)

    shares = {e.term: e.share for e in found.heaviest if e.column == "history"}
    assert shares == {
        "phone": sum("phone" in items for items in kept) / 400,
        "tablet": sum("tablet" in items for items in kept) / 400,
        "(missing)": sum(not items for items in kept) / 400,
    }


def test_buckets_and_crosses_are_named_by_values(weights):
    columns = {each.column for each in weights.heaviest}
    crossed = [each for each in weights.heaviest if each.column == "device_x_tags"]

    assert columns <= {
        "device",
        "tags",
        "user",
        "history",
        "age_bucket",
        "device_x_age",
        "device_x_tags",
    }
    assert all("device=" in each.term and "tags=" in each.term for each in crossed)


def test_every_id_of_the_sample_is_named(weigh, sample, monkeypatch):
    from components.evaluation_report.collect import wide

    monkeypatch.setattr(wide, "_HEAVIEST", 10_000)
    found = weigh(sample)
    by_column = {}
    for each in found.heaviest:
        by_column.setdefault(each.column, []).append(each)

    # What bulk Transform gave: the ids of each column, padding left out.
    assert len(by_column["device"]) == 2
    assert {each.term for each in by_column["tags"]} == {"x", "y", "z", "(missing)"}
    ages = {each.term for each in by_column["age_bucket"]}
    assert "(missing)" in ages
    assert all(term == "(missing)" or " to " in term for term in ages)
    assert sum(each.share for each in by_column["age_bucket"]) == pytest.approx(1.0)


def test_a_list_that_is_empty_in_all_rows_is_named_missing(weigh, sample):
    empty = np.full((len(sample.labels), 1), b"", object)
    without = Sample({**sample.columns, "tags": empty}, sample.labels)
    found = weigh(without)

    shares = {each.term: each.share for each in found.heaviest if each.column == "tags"}
    assert shares in ({}, {"(missing)": 1.0})
    assert not any(each.column == "device_x_tags" for each in found.heaviest)


NAMES = ("device", "tags", "user", "age", "price")


@pytest.mark.parametrize("names", [*[(name,) for name in NAMES], NAMES], ids=str)
def test_features_without_a_value_are_missing_and_of_no_importance(
    weigh, scorer, sample, names
):
    columns = {
        name: _without_values(column) if name in names else column
        for name, column in sample.columns.items()
    }
    empty = Sample(columns, sample.labels)
    found = weigh(empty)
    importances = measure_importances(scorer, empty)

    own = {f"{name}{part}" for name in names for part in ("", "_bucket")}
    assert {
        (each.term, each.share) for each in found.heaviest if each.column in own
    } <= {("(missing)", 1.0)}
    losses = {each.feature: each.auc_loss for each in importances.features}
    assert [losses[name] for name in names] == [0.0] * len(names)


def _without_values(column):
    # A list is as long as the longest, or one text that is empty.
    column = column[:, :1] if column.ndim > 1 else column
    return np.full_like(column, b"" if column.dtype == object else np.nan)


@pytest.mark.parametrize("row", [0, 1])
def test_one_example_has_weights_but_no_importance(weigh, scorer, sample, row):
    one = Sample(
        {name: column[[row]] for name, column in sample.columns.items()},
        sample.labels[[row]],
    )
    found = weigh(one)

    assert {each.share for each in found.heaviest} == {1.0}
    with pytest.raises(ImportanceError):
        measure_importances(scorer, one)


def test_a_model_without_a_wide_part_has_no_such_weights(tiny_models, weigh, sample):
    path = str(tiny_models("embedding_mlp").saved_model)

    assert weigh(sample, Scorer(path), ExportedModel(path)) is None
