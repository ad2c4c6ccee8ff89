"""What the gates say of a model, in words."""

from __future__ import annotations

import pytest

from components.evaluator.gates import Outcome
from components.evaluator.record import Evaluation


def outcome(status, name="overall"):
    return Outcome(slice=name, condition="auc >= 0.7", status=status, reason="why")


def reasons(*gates, passed=True):
    evaluation = Evaluation(passed=passed, gates=list(gates), candidate={})
    *said, last = evaluation.reasons()
    assert last == "no baseline: no other model was released to compare with"
    return said


def test_failed_conditions_come_first_and_those_without_enough_data_last():
    statuses = ["not enough data", "passed", "not applied", "failed"]

    said = reasons(*map(outcome, statuses), passed=False)
    assert [line.partition(":")[0] for line in said] == [
        "failed",
        "passed",
        "not applied",
        "not enough data",
    ]


@pytest.mark.parametrize(
    ("statuses", "passed", "last"),
    [
        ([], True, "no gate is configured, so nothing was required of the model"),
        (
            ["not applied"],
            True,
            "no gate was applied, so nothing was required of the model",
        ),
        (
            ["not applied", "not enough data"],
            False,
            "no gate had enough data, so nothing speaks for the model",
        ),
        (["passed"], True, "passed: overall: auc >= 0.7 (why)"),
        (["failed"], False, "failed: overall: auc >= 0.7 (why)"),
    ],
)
def test_where_nothing_speaks_for_a_model_that_is_said(statuses, passed, last):
    assert reasons(*map(outcome, statuses), passed=passed)[-1] == last


def test_many_conditions_without_enough_data_are_one_line():
    small = [outcome("not enough data", f"city={number % 4}") for number in range(6)]

    assert reasons(*small, outcome("passed")) == [
        "passed: overall: auc >= 0.7 (why)",
        "not enough data: 6 conditions on 4 slices; the report lists them",
    ]
    assert len(reasons(*small[:5], outcome("passed"))) == 6
