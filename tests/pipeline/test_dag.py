"""The DAG: which change of the configuration reaches which component."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfx.dsl.compiler import compiler

from pipeline.config import load_config
from pipeline.dag import create_pipeline

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
def parameters(tmp_path):
    """What each node is given, besides artifacts; TFX's cache key holds it."""
    (tmp_path / "pipeline.yaml").write_text(CONFIG)

    def parameters(*overrides):
        config = load_config(Path(tmp_path / "pipeline.yaml"), overrides)
        dag = create_pipeline(config, str(tmp_path / "root"), str(tmp_path / "models"))
        nodes = [node.pipeline_node for node in compiler.Compiler().compile(dag).nodes]
        return {
            node.node_info.id: node.parameters.SerializeToString(deterministic=True)
            for node in nodes
        }

    return parameters


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
        ("beam={direct_num_workers: 1}", set()),
    ],
)
def test_a_change_reaches_what_reads_it_and_no_more(parameters, override, reached):
    overrides = [override]
    if override.startswith("features.gender"):
        overrides.append("features.gender.buckets=10")
    before, after = parameters(), parameters(*overrides)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == reached


def test_skew_adds_a_branch_for_what_was_served(parameters):
    skew = "validation.skew={pattern: served.csv, thresholds: {age: 0.1}}"
    added = set(parameters(skew)) - set(parameters())
    assert added == {"ServingExampleGen", "ServingStatisticsGen"}


def test_a_curated_schema_takes_the_place_of_an_inferred_one(parameters, tmp_path):
    schema = tmp_path / "schema.pbtxt"
    schema.write_text('feature { name: "age" }')
    before = parameters("validation.schema_file=schema.pbtxt")
    assert set(before) == set(parameters())

    schema.write_text('feature { name: "gender" }')
    after = parameters("validation.schema_file=schema.pbtxt")
    assert {name for name in after if after[name] != before[name]} == {"SchemaGen"}
