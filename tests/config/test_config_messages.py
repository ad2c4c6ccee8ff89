"""Configurations that are rejected, and some at the edge that are not."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from config.root import Config

Load = Callable[..., Config]
Message = Callable[..., str]

MESSAGES = Path(__file__).parents[1] / "golden" / "config_messages.txt"


def test_messages_name_the_key_what_was_received_and_what_is_allowed(
    message: Message, golden: Callable[[str, str], None]
):
    """A case is a literal of overrides that are joined by ` & `; see `make golden`."""
    cases = MESSAGES.read_text(encoding="utf-8").splitlines()[::2]
    overrides = [ast.literal_eval(case).split(" & ") for case in cases]
    told = [message(*each) for each in overrides]
    pairs = zip(cases, told, strict=True)
    golden(MESSAGES.name, "".join(f"{case}\n    {line}\n" for case, line in pairs))


def test_a_key_that_is_missing_at_the_top(message: Message):
    assert message(text="name: ads") == "examples: this key is missing"


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


def test_gate_on_computed_slices_is_accepted(load: Load):
    gate = "gates=[{metric: auc, min: 0.5, every: [gender]}]"
    config = load("evaluation.slices=[[gender]]", gate)
    assert config.gates[0].sliced_by == ("gender",)


def test_a_gate_may_bound_each_metric_that_is_computed(load: Load):
    evaluation = "evaluation={group_by: user, thresholds: [0.05, 0.3]}"
    metrics = load(evaluation).evaluation.metrics
    assert {"gauc", "gauc_coverage", "ece", "recall_at_0.05"} < set(metrics)
    gates = ", ".join(f"{{metric: {metric}, min: 0}}" for metric in metrics)
    assert len(load(evaluation, f"gates=[{gates}]").gates) == len(metrics)


def test_groups_may_come_from_an_extra_column(load: Load):
    config = load("examples.extra_columns=[visitor]", "evaluation.group_by=visitor")
    assert config.evaluation.group_by == "visitor"


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
