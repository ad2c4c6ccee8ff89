"""The reasons of an evaluation, in words."""

from __future__ import annotations

import pytest

from components.evaluator.gates import Outcome
from components.evaluator.record import Evaluation


def outcome(status, name="overall"):
    return Outcome(slice=name, condition="auc >= 0.7", status=status, reason="why")


def reasons(*gates, passed=True):
    evaluation = Evaluation(passed=passed, gates=list(gates), candidate={})
    *said, last = evaluation.reasons()
    assert last.startswith("no baseline")
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
    ("statuses", "passed"),
    [
        ([], True),
        (["not applied"], True),
        (["not applied", "not enough data"], False),
        (["passed"], True),
        (["failed"], False),
    ],
)
def test_the_last_reason_names_gates_without_effect(statuses, passed):
    last = reasons(*map(outcome, statuses), passed=passed)[-1]
    assert last.startswith("no gate") == (not {"passed", "failed"} & set(statuses))


def test_many_conditions_without_enough_data_are_one_line():
    small = [outcome("not enough data", f"city={number % 4}") for number in range(6)]

    first, folded = reasons(*small, outcome("passed"))
    assert first == "passed: overall: auc >= 0.7 (why)"
    assert folded.startswith("not enough data: 6 conditions on 4 slices")
    assert len(reasons(*small[:5], outcome("passed"))) == 6
