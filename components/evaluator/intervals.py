"""95% intervals by the jackknife: from what a figure is without each block.

Where many samples like this one were drawn, such intervals would hold the figure of all
examples that there could be in 95 of 100. The two models are measured on the same
blocks, so the interval of a change is a paired one.
"""

from __future__ import annotations

import math

import numpy as np

from components.evaluator.score_counts import BLOCKS, Floats

Interval = tuple[float, float]

# Student's t with BLOCKS - 1 degrees of freedom: 95% lie within.
_T = 2.093024


def interval(figure: float, without_each: Floats) -> Interval | None:
    """The interval of a figure.

    The standard error is sqrt((n - 1) / n * sum((x - mean(x))^2)) over the n figures x
    without a block (delete-a-group jackknife).

    Args:
      figure: The figure of all examples.
      without_each: The figure without each block, [BLOCKS].

    Returns:
      Its ends; None where one of the figures is undefined.
    """
    if not math.isfinite(figure) or not np.isfinite(without_each).all():
        return None
    error = math.sqrt(BLOCKS - 1) * float(without_each.std())
    return figure - _T * error, figure + _T * error
