"""Each message for a person: one line, the key path, what was received and allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.root import Config

Load = Callable[..., Config]
Message = Callable[..., str]


@pytest.mark.parametrize(
    ("override", "path", "received", "allowed"),
    [
        ("nmae=x", "unknown key", "'nmae'", "name, examples, label, features"),
        ("examples.x=1", "examples: ", "'x'", "root, format, csv, splits"),
        ("examples.splits.x=1", "examples.splits: ", "'x'", "train, eval"),
        ("label.x=1", "label: ", "'x'", "column, greater_than, times"),
        ("features.age.x=1", "features.age: ", "'x'", "kind, normalize, fill"),
        ("features.user.x=1", "features.user: ", "'x'", "buckets"),
        ("features.gender.x=1", "features.gender: ", "'x'", "top_k"),
        ("crosses=[{x: 1}]", "crosses[0]: ", "'x'", "features, buckets"),
        ("model.x=1", "model: ", "'x'", "kind, embedding_size"),
        ("model.wide_deep.x=1", "model.wide_deep: ", "'x'", "hidden_units"),
        ("training.x=1", "training: ", "'x'", "epochs, batch_size"),
        ("validation.x=1", "validation: ", "'x'", "schema_file, anomalies, drift"),
        ("validation.anomalies.x=1", "validation.anomalies: ", "'x'", "new_values"),
        ("evaluation.x=1", "evaluation: ", "'x'", "slices, thresholds"),
        ("gates=[{metric: auc, x: 1}]", "gates[0]: ", "'x'", "metric, min, max"),
        ("release.x=1", "release: ", "'x'", "approval, keep, model_dir"),
        ("metadata.x=1", "metadata: ", "'x'", "mysql"),
    ],
)
def test_unknown_key_at_each_level(
    message: Message, override: str, path: str, received: str, allowed: str
):
    line = message(override)
    assert line.startswith(path)
    assert f"unknown key {received}; allowed: " in line
    assert allowed in line


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("nmae=x", "name"),
        ("training.epoch=3", "epochs"),
        ("features.age.king=numeric", "kind"),
        ("features.age.kind=numric", "numeric"),
        ("model.kind=wide_and_deep", "wide_deep"),
        ("release.approval=auto", "automatic"),
        ("training.zz=3", None),
        ("3=x", None),
        ("features.age.kind=3", None),
        ("release.approval=3", None),
    ],
)
def test_what_was_meant_is_asked(message: Message, override: str, meant: str | None):
    line = message(override)
    if meant is None:
        assert "did you mean" not in line
    else:
        assert line.endswith(f"; did you mean {meant!r}?")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "training.epochs=many",
            "training.epochs: got 'many'; input should be a valid",
        ),
        (
            "training.epochs=1.5",
            "training.epochs: got 1.5; input should be a valid int",
        ),
        (
            "training.epochs=0",
            "training.epochs: got 0; input should be greater than or",
        ),
        ("model=deep", "model: got 'deep'; expected a block of keys and values"),
        ("label=click", "label: got 'click'; expected a block of keys and values"),
        ("features.age=3", "features.age: got 3; expected a block of keys and values"),
        (
            "features=[age]",
            "features: got ['age']; expected a block of keys and values",
        ),
        ("features={}", "features: got {}; expected at least 1"),
        ("crosses=3", "crosses: got 3; expected a list"),
        ("crosses=[[gender]]", "crosses[0]: got ['gender']; expected at least 2"),
        (
            "evaluation.slices=[gender]",
            "evaluation.slices[0]: got 'gender'; expected a",
        ),
        (
            "model.wide_deep.hidden_units=[8, 0]",
            "model.wide_deep.hidden_units[1]: got 0",
        ),
        (
            "gates=[{metric: auc, min: .nan}]",
            "gates[0].min: got '.nan'; input should be a",
        ),
        (
            "features.age.fill=.inf",
            "features.age.fill: got '.inf'; input should be a valid",
        ),
        ("name=", "name: got None; input should be a valid string"),
        (
            "name='ad click'",
            "name: got 'ad click'; expected a letter, then letters, digits and _ only",
        ),
        ('name="ads\\n"', "name: got 'ads\\n'; expected a letter, then"),
        ('features."a b".kind=nix', "features.\"a b\".kind: got 'nix'; allowed: "),
        ("features.'a.b=c'.kind=nix", "features.\"a.b=c\".kind: got 'nix'; allowed: "),
        ('features."".kind=numeric', "features.\"\": got ''; expected one or more"),
        (
            'features."a\\tb".kind=numeric',
            "features.\"a\\tb\": got 'a\\tb'; expected one or more characters, no",
        ),
        ("label.column=''", "label.column: got ''; expected one or more characters"),
        ("examples.extra_columns=['']", "examples.extra_columns[0]: got ''; expected"),
    ],
)
def test_wrong_type_or_value(message: Message, override: str, expected: str):
    assert message(override).startswith(expected)


def test_all_members_of_a_union_are_allowed_values(message: Message):
    line = message("model.embedding_size=large")
    assert line.startswith("model.embedding_size: got 'large'; ")
    assert "integer" in line
    assert "'6n^0.25' or 'n^0.25'" in line


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "features.age.kind=number",
            "features.age.kind: got 'number'; allowed: categorical, hashed, numeric",
        ),
        (
            "features.age={buckets: 3}",
            "features.age.kind: this key is missing; allowed: categorical, hashed, "
            "numeric",
        ),
        (
            "model.kind=tree",
            "model.kind: got 'tree'; allowed: linear, wide_deep",
        ),
        (
            "gates=[{metric: recall, min: 1}]",
            "gates[0].metric: got 'recall'; allowed: auc, pr_auc, log_loss, "
            "normalized_entropy, calibration, ece, mean_label, mean_prediction, "
            "precision_at_0.5, recall_at_0.5, examples",
        ),
        (
            "gates=[{metric: auc, min: 0.6}, {metric: recall_at_0.3, min: 1}]",
            "gates[1].metric: got 'recall_at_0.3'; allowed: auc, ",
        ),
        (
            "release.approval=ask",
            "release.approval: got 'ask'; input should be 'manual' or 'automatic'",
        ),
        (
            "release.keep=0",
            "release.keep: got 0; input should be greater than or equal to 1",
        ),
        (
            "evaluation.on_baseline_problem=pass",
            "evaluation.on_baseline_problem: got 'pass'; input should be 'block' or "
            "'release'",
        ),
    ],
)
def test_unknown_kind(message: Message, override: str, expected: str):
    assert message(override).startswith(expected)


def test_unknown_severity(message: Message):
    line = message("validation.anomalies.new_values=stop")
    assert line.startswith("validation.anomalies.new_values: got 'stop'")
    assert "'ignore', 'warning' or 'error'" in line


def test_severities_of_an_inferred_schema_beside_a_curated_one(message: Message):
    line = message(
        "validation={schema_file: schema.pbtxt, anomalies: {new_values: error}}"
    )
    assert line.startswith("validation: ")
    assert "anomalies" in line
    assert "schema_file" in line


def test_a_feature_may_be_named_like_a_kind(message: Message):
    line = message("features.numeric={kind: numeric, buckets: 1}")
    assert line.startswith("features.numeric.buckets: got 1; ")


def test_missing_key(message: Message):
    assert message(text="name: ads") == "examples: this key is missing"
    line = message("features.user={kind: hashed}")
    assert line == "features.user.buckets: this key is missing"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "crosses=[[gender, city]]",
            "crosses: gender_x_city: unknown feature 'city'; allowed: age, gender, "
            "user",
        ),
        (
            "crosses=[[gender, age]]",
            "crosses: gender_x_age: 'age' is numeric without buckets; give "
            "features.age 'buckets' or 'boundaries'",
        ),
        (
            "crosses=[[gender, gender]]",
            "crosses: gender_x_gender: a feature stands twice",
        ),
        (
            "label.column=age",
            "label.column: 'age' is also a feature: the model would be told the "
            "answer; remove it from 'features'",
        ),
        ("label.times=age", "label: 'times' needs 'greater_than'"),
        (
            "gates=[{metric: auc, min: 0.5, every: [gender]}]",
            "gates[0]: slices by ['gender'] are not in evaluation.slices; add "
            "['gender'] there",
        ),
        (
            "gates=[{metric: auc, min: 0.5, slice: {gender: f}}]",
            "gates[0]: slices by ['gender'] are not in evaluation.slices; add "
            "['gender'] there",
        ),
        (
            "evaluation.group_by=city",
            "evaluation.group_by: 'city' is not in the examples; add it to "
            "'examples.extra_columns', or use one of ['age', 'gender', 'user']",
        ),
        (
            "gates=[{metric: auc}]",
            "gates[0]: a gate needs at least one of 'min', 'max', 'min_change', "
            "'max_change'",
        ),
        (
            "examples.hash_split={pattern: '*', column: user}",
            "examples: give exactly one of 'splits', 'hash_split', 'time_split' and "
            "'spans'",
        ),
        (
            "examples.spans={pattern: '{SPAN}', train: 1}",
            "examples: give exactly one of 'splits', 'hash_split', 'time_split' and "
            "'spans'",
        ),
        (
            "examples.splits.eval='day-{SPAN}.csv'",
            "examples: splits.eval: got 'day-{SPAN}.csv'; placeholders are for "
            "examples.spans; give a glob here, or examples.spans",
        ),
        (
            "validation.skew={pattern: '{YYYY}{MM}{DD}', thresholds: {age: 0.1}}",
            "validation.skew.pattern: got '{YYYY}{MM}{DD}'; placeholders are for "
            "examples.spans; give a glob here, or examples.spans",
        ),
        (
            "evaluation.true_probability.pattern='{SPAN}.csv'",
            "evaluation.true_probability.pattern: got '{SPAN}.csv'; placeholders are "
            "for examples.spans; give a glob here, or examples.spans",
        ),
        (
            "validation.drift.city=0.1",
            "validation.drift: unknown feature 'city'; allowed: age, gender, user",
        ),
        (
            "validation.skew={pattern: '*', thresholds: {city: 0.1}}",
            "validation.skew.thresholds: unknown feature 'city'; allowed: age, gender, "
            "user",
        ),
        (
            "training.export_embeddings=[city]",
            "training.export_embeddings: unknown feature 'city'; allowed: age, gender, "
            "user",
        ),
        (
            "training.export_embeddings=[gender, user]",
            "training.export_embeddings: 'user' is hashed; only categorical features "
            "have an embedding for each term",
        ),
        (
            "features.age={kind: numeric, boundaries: [2, 1]}",
            "features.age: boundaries must increase, got [2.0, 1.0]",
        ),
        (
            "features.age={kind: numeric, boundaries: [2], buckets: 3}",
            "features.age: give 'buckets' or 'boundaries', not both",
        ),
    ],
)
def test_blocks_that_do_not_fit_together(
    message: Message, override: str, expected: str
):
    assert message(override) == expected


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (
            "metric: auc, min: 1.5",
            "gates[0].min: got 1.5; no model can meet it: auc is between 0 and 1",
        ),
        (
            "metric: log_loss, max: -1",
            "gates[0].max: got -1.0; no model can meet it: log_loss is never below 0",
        ),
        (
            "metric: ece, max: -0.1",
            "gates[0].max: got -0.1; no model can meet it: ece is between 0 and 1",
        ),
        (
            "metric: auc, min_change: 1.1",
            "gates[0].min_change: got 1.1; no model can meet it: auc changes by 1 at "
            "most",
        ),
        (
            "metric: recall_at_0.5, max_change: -1.1",
            "gates[0].max_change: got -1.1; no model can meet it: recall_at_0.5 "
            "changes by 1 at most",
        ),
        (
            "metric: calibration, min: 1.2, max: 0.8",
            "gates[0]: 'min' 1.2 is above 'max' 0.8; no model can meet both",
        ),
        (
            "metric: auc, min_change: 0.1, max_change: 0.0",
            "gates[0]: 'min_change' 0.1 is above 'max_change' 0.0; no model can meet "
            "both",
        ),
    ],
)
def test_a_gate_that_no_model_can_meet(message: Message, gate: str, expected: str):
    assert message(f"gates=[{{{gate}}}]") == expected


@pytest.mark.parametrize(
    "gate",
    [
        "metric: auc, min: 1, max: 1",
        "metric: log_loss, max: 0",
        "metric: calibration, min: 1.5",
        "metric: examples, min: 10000, min_change: 5",
        "metric: normalized_entropy, max_change: -2",
    ],
)
def test_a_gate_at_the_end_of_a_range_is_accepted(load: Load, gate: str):
    assert load(f"gates=[{{{gate}}}]").gates


@pytest.mark.parametrize("value", ["true", "2.0", "'2'"])
def test_a_count_is_an_integer_and_nothing_like_it(message: Message, value: str):
    line = message(f"release.keep={value}")
    assert line.startswith("release.keep: got ")
    assert "valid integer" in line


def test_gate_on_computed_slices_is_accepted(load: Load):
    config = load(
        "evaluation.slices=[[gender]]",
        "gates=[{metric: auc, min: 0.5, every: [gender]}]",
    )
    assert config.gates[0].sliced_by == ("gender",)


@pytest.mark.parametrize(
    ("metric", "hint"),
    [
        ("gauc", "; for this one set evaluation.group_by"),
        ("precision_at_0.3", "; for others add to evaluation.thresholds"),
    ],
)
def test_a_metric_that_is_not_computed_says_how_it_would_be(
    message: Message, metric: str, hint: str
):
    assert message(f"gates=[{{metric: {metric}, min: 0.1}}]").endswith(hint)


def test_a_gate_may_bound_each_metric_that_is_computed(load: Load):
    evaluation = "evaluation={group_by: user, thresholds: [0.05, 0.3]}"
    metrics = load(evaluation).evaluation.metrics
    assert {"gauc", "gauc_coverage", "ece", "recall_at_0.05"} < set(metrics)
    gates = ", ".join(f"{{metric: {metric}, min: 0}}" for metric in metrics)

    assert len(load(evaluation, f"gates=[{gates}]").gates) == len(metrics)


def test_groups_may_come_from_an_extra_column(load: Load):
    config = load("examples.extra_columns=[visitor]", "evaluation.group_by=visitor")
    assert config.evaluation.group_by == "visitor"


def test_a_column_with_several_values_makes_no_groups(message: Message):
    line = message(
        "features.tags={kind: categorical, multivalued: true}",
        "evaluation.group_by=tags",
    )
    assert line.startswith("evaluation.group_by: 'tags' has several values")


@pytest.mark.parametrize(
    ("overrides", "key", "name", "origins"),
    [
        (
            (
                "features.age.missing_indicator=true",
                "features.age_missing={kind: numeric}",
            ),
            "features.age_missing",
            "age_missing",
            "the missing indicator of features.age and features.age_missing",
        ),
        (
            ("features.age.buckets=3", "features.age_bucket={kind: categorical}"),
            "features.age_bucket",
            "age_bucket",
            "the buckets of features.age and features.age_bucket",
        ),
        (
            (
                "crosses=[[gender, user]]",
                "features.gender_x_user={kind: hashed, buckets: 2}",
            ),
            "crosses[0]",
            "gender_x_user",
            "features.gender_x_user and crosses[0]",
        ),
        (
            ("crosses=[[gender, user], [gender, user]]",),
            "crosses[1]",
            "gender_x_user",
            "crosses[0] and crosses[1]",
        ),
        (
            (
                'features."a b"={kind: numeric, buckets: 3}',
                'features."a b_bucket"={kind: categorical}',
            ),
            'features."a b_bucket"',
            "a b_bucket",
            'the buckets of features."a b" and features."a b_bucket"',
        ),
        (
            ("features.age.buckets=3", "label.column=age_bucket"),
            "features.age",
            "age_bucket",
            "the label and the buckets of features.age",
        ),
    ],
)
def test_collisions_after_transform(
    message: Message, overrides: tuple[str, ...], key: str, name: str, origins: str
):
    line = message(*overrides)
    assert line.startswith(f"{key}: {name!r} would name two columns")
    assert f": {origins}; " in line


def test_a_label_that_is_named_like_an_extra_column(message: Message):
    line = message("label.greater_than=1", "examples.extra_columns=[label]")
    assert line.startswith("examples.extra_columns: 'label' is a feature or the label")


@pytest.mark.parametrize(
    ("override", "name"),
    [
        ('features."Device.Type".kind=numeric', "Device.Type"),
        ("features.'it''s'.kind=numeric", "it's"),
        ('features."a=b".kind=numeric', "a=b"),
        ('features."say \\"hi\\"".kind=numeric', 'say "hi"'),
        ("features.City Name.kind=numeric", "City Name"),
        ("features.user-id.kind=numeric", "user-id"),
        ("features.Preis (€).kind=numeric", "Preis (€)"),
        ("features.it's.kind=numeric", "it's"),
        ('features={"class": {kind: numeric}}', "class"),
    ],
)
def test_a_feature_may_have_any_name(load: Load, override: str, name: str):
    assert name in load(override).features
