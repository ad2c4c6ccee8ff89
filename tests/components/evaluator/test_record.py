"""The reasons of an evaluation, in words."""

from __future__ import annotations

import pytest

from components.evaluator.record import Evaluation, Outcome


def outcome(status, name="overall"):
    return Outcome(slice=name, condition="auc >= 0.7", status=status, reason="why")


def reasons(*gates):
    evaluation = Evaluation(gates=list(gates), candidate={})
    *said, last = evaluation.reasons()
    assert last.startswith("no baseline")
    return said


def test_failed_conditions_come_first_and_those_without_enough_data_last():
    statuses = ["not enough data", "passed", "not applied", "failed"]

    said = reasons(*map(outcome, statuses))
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
        (["not enough data"], False),
        (["not applied", "not enough data"], False),
        (["passed"], True),
        (["passed", "not enough data"], True),
        (["failed"], False),
        (["passed", "failed"], False),
        (["not applied", "failed"], False),
    ],
)
def test_a_candidate_passes_where_no_gate_failed_and_one_had_enough_data(
    statuses, passed
):
    gates = [outcome(status) for status in statuses]
    assert Evaluation(gates=gates, candidate={}).passed is passed
    # Gates without effect are named last.
    if not {"passed", "failed"} & set(statuses):
        assert reasons(*gates)[-1].startswith("no gate")


def test_many_conditions_without_enough_data_are_one_line():
    small = [outcome("not enough data", f"city={number % 4}") for number in range(6)]

    first, folded = reasons(*small, outcome("passed"))
    assert first == "passed: overall: auc >= 0.7 (why)"
    assert folded.startswith("not enough data: 6 conditions on 4 slices")
    assert len(reasons(*small[:5], outcome("passed"))) == 6
