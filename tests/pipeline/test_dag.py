"""The DAG: which change of the configuration reaches which component."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfx.dsl.compiler import compiler

from config.load import load_config
from pipeline.dag import create_pipeline
from trainer.warm_start.files import INPUTS_FILE

CONFIG = """
name: small
examples:
  splits: {train: train.csv, eval: eval.csv}
  extra_columns: [device]
label: {column: click}
features:
  age: {kind: numeric, buckets: 5}
  gender: {kind: categorical}
model: {kind: wide_deep}
gates: [{metric: auc, min: 0.5}]
"""


@pytest.fixture
def nodes(tmp_path):
    """The compiled nodes of a configuration with overrides, by id."""
    (tmp_path / "pipeline.yaml").write_text(CONFIG)

    def nodes(*overrides):
        config = load_config(Path(tmp_path / "pipeline.yaml"), overrides)
        dag = create_pipeline(config, str(tmp_path / "root"), str(tmp_path / "models"))
        compiled = compiler.Compiler().compile(dag).nodes
        return {n.pipeline_node.node_info.id: n.pipeline_node for n in compiled}

    return nodes


@pytest.fixture
def parameters(nodes):
    """What each node is given, besides artifacts; TFX's cache key holds it."""

    def parameters(*overrides):
        return {
            name: node.parameters.SerializeToString(deterministic=True)
            for name, node in nodes(*overrides).items()
        }

    return parameters


# It shows the configuration, whatever is changed there; but neither what runs the DAG
# nor what becomes of the model.
SHOWN = {"EvaluationReport"}
# LastRelease is not among them: it looks anew in every run.
TRAINING = {"Trainer", "Pusher"}


@pytest.mark.parametrize(
    ("override", "reached"),
    [
        ("evaluation.slices=[[device]]", {"Evaluator"}),
        ("gates=[{metric: auc, min: 0.6}]", {"Evaluator"}),
        ("training.epochs=3", TRAINING),
        ("model.kind=embedding_mlp", TRAINING),
        ("model.wide_deep.dropout=0.5", TRAINING),
        ("model.embedding_mlp.dropout=0.5", set()),  # not the chosen model's
        ("features.age.buckets=6", {"Transform", *TRAINING}),
        ("features.gender.kind=hashed", {"Transform", *TRAINING}),
        ("examples.missing_values=[NA]", {"ExampleGen"}),
        ("examples.splits.eval=other.csv", {"ExampleGen"}),
        ("validation.drift={age: 0.1}", {"ExampleValidator", "PreviousStatistics"}),
        ("infra_validation.rows=10", {"InfraValidator"}),
        ("serving.batching={}", {"InfraValidator"}),
        ("serving.port=1234", set()),
        ("release.approval=automatic", {"ReleaseGate"}),
        ("release.keep=2", {"Pusher"}),
        ("beam={direct_num_workers: 1}", set()),
    ],
)
def test_a_change_reaches_what_reads_it_and_no_more(parameters, override, reached):
    overrides = [override]
    if override.startswith("features.gender"):
        overrides.append("features.gender.buckets=10")
    before, after = parameters(), parameters(*overrides)
    changed = {name for name in after if after[name] != before.get(name)}
    shown = set() if override.startswith(("beam", "release", "serving")) else SHOWN
    assert changed == reached | shown


TUNING = "tuning={trials: 3, space: {dropout: [0.1, 0.2]}}"


@pytest.mark.parametrize(
    ("override", "reached"),
    [
        ("tuning.trials=4", {"Tuner", "Pusher"}),  # the Trainer by what it is fed
        ("tuning.space={dropout: [0.3]}", {"Tuner", "Pusher"}),
        ("training.epochs=3", TRAINING),
        ("training.seed=3", TRAINING),
        ("training.batch_size=64", {"Tuner", *TRAINING}),
        ("model.wide_deep.batch_norm=false", {"Tuner", *TRAINING}),
        ("gates=[{metric: auc, min: 0.6}]", {"Evaluator"}),
    ],
)
def test_a_change_reaches_the_tuner(parameters, override, reached):
    before, after = parameters(TUNING), parameters(TUNING, override)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == reached | SHOWN


def test_tuning_adds_a_tuner_and_makes_it_another_training(parameters):
    before, after = parameters(), parameters(TUNING)
    assert set(after) - set(before) == {"Tuner"}
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"Pusher", *SHOWN}


def test_skew_adds_a_branch_for_what_was_served(parameters):
    skew = "validation.skew={pattern: served.csv, thresholds: {age: 0.1}}"
    added = set(parameters(skew)) - set(parameters())
    assert added == {"ServingExampleGen", "ServingStatisticsGen"}


def test_what_was_tried_on_a_server_is_shown_judged_and_pushed(nodes):
    with_it, without = nodes(), nodes("infra_validation=null")
    assert set(with_it) - set(without) == {"InfraValidator"}
    for name in ("EvaluationReport", "ReleaseGate", "Pusher"):
        assert "infra_blessing" not in without[name].inputs.inputs
        (channel,) = with_it[name].inputs.inputs["infra_blessing"].channels
        assert channel.producer_node_query.id == "InfraValidator"


def test_a_curated_schema_takes_the_place_of_an_inferred_one(parameters, tmp_path):
    schema = tmp_path / "schema.pbtxt"
    schema.write_text('feature { name: "age" }')
    before = parameters("validation.schema_file=schema.pbtxt")
    assert set(before) == set(parameters())

    schema.write_text('feature { name: "gender" }')
    after = parameters("validation.schema_file=schema.pbtxt")
    assert {name for name in after if after[name] != before[name]} == {"SchemaGen"}


@pytest.fixture
def base_model(tmp_path):
    """What of a SavedModel tells its content."""
    for name in ("saved_model.pb", "variables/variables.index", INPUTS_FILE):
        path = tmp_path / "other" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("day 1")
    return tmp_path / "other"


def test_the_trainer_reads_the_last_release_only_to_start_from_it(nodes):
    assert "base_model" not in nodes()["Trainer"].inputs.inputs
    trainer = nodes("training.warm_start.model=last_release")["Trainer"]
    start = trainer.inputs.inputs["base_model"]
    assert [channel.producer_node_query.id for channel in start.channels] == [
        "LastRelease"
    ]
    assert start.min_count == 0, "nothing may have been released yet"


def test_a_model_to_start_from_is_keyed_by_its_content(parameters, base_model):
    start = "training.warm_start.model=other"
    before = parameters(start)
    assert parameters(start) == before
    (base_model / "variables" / "variables.index").write_text("day 2")
    after = parameters(start)
    assert {name for name in after if after[name] != before[name]} == TRAINING
