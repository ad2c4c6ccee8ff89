"""Candidate and baseline on all examples, as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

from components.evaluation_report import formats
from components.evaluator.record import Evaluation, Which
from components.evaluator.slices import OVERALL_NAME
from config.metrics import metric_of

_ALL: tuple[Which, ...] = ("candidate", "baseline", "change")


@dataclass(frozen=True)
class Row:
    """A metric on all examples.

    Attributes:
      metric: Its key.
      name: Its name.
      meaning: Explanation in a few words.
      candidate: The candidate's figure, and its 95% interval.
      baseline: The baseline's.
      change: The difference.
      judgement: `better` or `worse`, as far as the interval tells.
    """

    metric: str
    name: str
    meaning: str
    candidate: tuple[str, str]
    baseline: tuple[str, str]
    change: tuple[str, str]
    judgement: str


def overall_rows(evaluation: Evaluation) -> list[Row]:
    """The metrics on all examples."""
    return [_row(evaluation, metric) for metric in evaluation.candidate[OVERALL_NAME]]


def _row(evaluation: Evaluation, metric: str) -> Row:
    value, before, change = (
        evaluation.value(which, OVERALL_NAME, metric) for which in _ALL
    )
    known = [evaluation.interval(which, OVERALL_NAME, metric) for which in _ALL]
    return Row(
        metric=metric,
        name=formats.metric_name(metric),
        meaning=metric_of(metric).meaning,
        candidate=(formats.figure(metric, value), formats.interval(known[0])),
        baseline=(formats.figure(metric, before), formats.interval(known[1])),
        change=(formats.signed(metric, change), formats.interval(known[2])),
        judgement=formats.judgement(metric, value, before, known[2]),
    )
