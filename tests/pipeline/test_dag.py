"""The DAG: which change of the configuration reaches which component."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dag")
    (folder / "pipeline.yaml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def nodes(folder):
    """The compiled nodes of a configuration with overrides, by id."""

    def nodes(*overrides):
        config = load_config(folder / "pipeline.yaml", overrides)
        dag = create_pipeline(config, str(folder / "root"), str(folder / "models"))
        compiled = compiler.Compiler().compile(dag).nodes
        return {n.pipeline_node.node_info.id: n.pipeline_node for n in compiled}

    return nodes


@pytest.fixture(scope="module")
def parameters(nodes):
    """The parameters of each node, which are in TFX's cache key."""

    def parameters(*overrides):
        return {
            name: node.parameters.SerializeToString(deterministic=True)
            for name, node in nodes(*overrides).items()
        }

    return parameters


@pytest.fixture(scope="module")
def untuned(parameters):
    return parameters()


@pytest.fixture(scope="module")
def tuned(parameters):
    return parameters(TUNING)


def changed(before, after):
    return {name for name in after if after[name] != before.get(name)}


# It shows the configuration, whatever is changed there; but neither what runs the DAG
# nor what becomes of the model.
SHOWN = {"EvaluationReport"}
# LastRelease is not among them: it looks anew in every run.
TRAINING = {"Trainer", "Pusher"}


@pytest.mark.parametrize(
    ("override", "reached"),
    [
        ("evaluation.slices=[[device]]", {"ExampleValidator", "Evaluator"}),
        ("gates=[{metric: auc, min: 0.6}]", {"Evaluator"}),
        ("training.epochs=3", TRAINING),
        ("model.kind=embedding_mlp", TRAINING),
        ("model.wide_deep.dropout=0.5", TRAINING),
        ("model.embedding_mlp.dropout=0.5", set()),  # not the chosen model's
        ("features.age.buckets=6", {"Transform", *TRAINING}),
        ("features.gender={kind: hashed, buckets: 9}", {"Transform", *TRAINING}),
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
def test_a_change_reaches_the_nodes_that_read_it_and_no_more(
    untuned, parameters, override, reached
):
    shown = set() if override.startswith(("beam", "release", "serving")) else SHOWN
    assert changed(untuned, parameters(override)) == reached | shown


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
def test_a_change_reaches_the_tuner(tuned, parameters, override, reached):
    assert changed(tuned, parameters(TUNING, override)) == reached | SHOWN


@pytest.mark.parametrize(
    ("runner", "kind"),
    [
        ("DirectRunner", "components.transform.component.LocalTransform"),
        ("flink", "tfx.components.transform.component.Transform"),
    ],
)
def test_tfx_transforms_where_workers_are_elsewhere(nodes, runner, kind):
    transform = nodes(f"beam.runner={runner}")["Transform"]
    assert transform.node_info.type.name == kind


def test_tuning_adds_a_tuner_and_makes_it_another_training(untuned, tuned):
    assert set(tuned) - set(untuned) == {"Tuner"}
    assert changed(untuned, tuned) == {"Tuner", "Pusher", *SHOWN}


def test_skew_adds_the_examples_that_were_served(untuned, parameters):
    skew = "validation.skew={pattern: served.csv, thresholds: {age: 0.1}}"
    added = set(parameters(skew)) - set(untuned)
    assert added == {"ServingExampleGen", "ServingStatisticsGen"}


def test_infra_validation_is_read_by_report_gate_and_pusher(nodes):
    with_it, without = nodes(), nodes("infra_validation=null")
    assert set(with_it) - set(without) == {"InfraValidator"}
    for name in ("EvaluationReport", "ReleaseGate", "Pusher"):
        assert "infra_blessing" not in without[name].inputs.inputs
        (channel,) = with_it[name].inputs.inputs["infra_blessing"].channels
        assert channel.producer_node_query.id == "InfraValidator"


def test_a_schema_file_is_the_parameter_of_schema_gen(untuned, parameters, folder):
    schema = folder / "schema.pbtxt"
    schema.write_text('feature { name: "age" }')
    before = parameters("validation.schema_file=schema.pbtxt")
    assert set(before) == set(untuned)

    schema.write_text('feature { name: "gender" }')
    after = parameters("validation.schema_file=schema.pbtxt")
    assert changed(before, after) == {"SchemaGen"}


def test_the_trainer_reads_the_last_release_only_to_start_from_it(nodes):
    assert "base_model" not in nodes()["Trainer"].inputs.inputs
    trainer = nodes("training.warm_start.model=last_release")["Trainer"]
    start = trainer.inputs.inputs["base_model"]
    assert [channel.producer_node_query.id for channel in start.channels] == [
        "LastRelease"
    ]
    assert start.min_count == 0, "nothing may have been released yet"


def test_a_base_model_is_keyed_by_its_content(parameters, folder):
    for name in ("saved_model.pb", "variables/variables.index", INPUTS_FILE):
        path = folder / "other" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("day 1")
    start = "training.warm_start.model=other"
    before = parameters(start)
    assert parameters(start) == before
    (folder / "other" / "variables" / "variables.index").write_text("day 2")
    assert changed(before, parameters(start)) == TRAINING


@pytest.mark.parametrize(
    ("runner", "expected"),
    [
        ("DirectRunner", {"ExampleGen", "StatisticsGen", "Transform"}),
        ("FlinkRunner", set()),
    ],
)
def test_only_this_machine_has_a_cache_of_files(folder, runner, expected):
    config = load_config(folder / "pipeline.yaml", [f"beam.runner={runner}"])
    paths = str(folder / "root"), str(folder / "models")
    dag = create_pipeline(config, *paths, cache=str(folder / "cache"))
    nodes = [each.pipeline_node for each in compiler.Compiler().compile(dag).nodes]
    found = {n.node_info.id for n in nodes if "cache" in n.parameters.parameters}
    assert found == expected
    without = compiler.Compiler().compile(create_pipeline(config, *paths)).nodes
    assert not any("cache" in n.pipeline_node.parameters.parameters for n in without)
