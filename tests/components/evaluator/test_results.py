"""From what TFMA computed to metrics with intervals."""

from __future__ import annotations

import numpy as np
import pytest

from components.evaluator.results import SliceResult, evaluation_of
from components.evaluator.score_counts import BLOCKS

# So far apart that the intervals reach beyond what a share can be.
SPREAD = np.linspace(-0.3, 0.3, BLOCKS)


@pytest.mark.parametrize(
    ("metric", "figure", "low_end", "high_end"),
    [
        ("auc", 0.9, None, 1.0),
        ("precision_at_0.5", 0.5, 0.0, 1.0),
        ("log_loss", 0.5, 0.0, None),
    ],
)
def test_an_interval_ends_where_the_metric_can(metric, figure, low_end, high_end):
    result = SliceResult({metric: figure}, {metric: figure + SPREAD})
    evaluation = evaluation_of({"candidate": {"overall": result}})
    low, high = evaluation.interval("candidate", "overall", metric)

    error = 2.093024 * np.sqrt(19) * SPREAD.std()
    assert low == (pytest.approx(max(0, figure - error)) if low_end is None else 0)
    assert high == (pytest.approx(figure + error) if high_end is None else 1)


def test_the_interval_of_a_change_may_be_negative():
    candidate = SliceResult({"auc": 0.5}, {"auc": 0.5 + SPREAD})
    baseline = SliceResult({"auc": 0.9}, {"auc": np.full(BLOCKS, 0.9)})
    evaluation = evaluation_of(
        {"candidate": {"overall": candidate}, "baseline": {"overall": baseline}}
    )

    assert evaluation.value("change", "overall", "auc") == pytest.approx(-0.4)
    low, high = evaluation.interval("change", "overall", "auc")
    assert low < -1
    assert (low + high) / 2 == pytest.approx(-0.4)
