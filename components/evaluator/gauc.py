"""GAUC: how well the examples of a group, such as a user, are ranked among each other.

The AUC of each group, weighted by its number of examples: sum(n * AUC) / sum(n) over
the groups that have both labels (Zhu et al. 2017, Zhou et al. 2018). In a slice, a
group is what it has in that slice. (TFMA's `query_key` puts an example into all slices
that any example of its group is in: wrong where a slice varies within a group, such as
the position of an ad.)

Examples are brought together by group, not by slice: a worker holds one group at a
time, and of a slice only sums.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam import pvalue
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.evaluators import evaluator
from tensorflow_model_analysis.metrics import metric_types

from components.evaluator.extractors import (
    BATCHES_STAGE,
    GROUPS,
    SLICES,
    Extracts,
    labels_of,
    predictions_of,
)
from components.evaluator.score_counts import BLOCKS, Floats, block_of
from components.evaluator.score_metrics import WITHOUT_EACH

GAUC = "gauc"
# Share of the examples that are in a group with both labels.
COVERAGE = "gauc_coverage"

# TFMA's key.
_Slice = tuple[Any, ...]

# Columns of sums: all examples, those in groups with both labels, and from then on, for
# each model, the latter times the AUC of their group.
_EXAMPLES, _COVERED, _WON = 0, 1, 2


class _Impression(NamedTuple):
    """The values of an example that GAUC needs.

    Attributes:
      slices: The slices that it is in.
      label: 0 or 1.
      predictions: Prediction of each model.
    """

    slices: tuple[_Slice, ...]
    label: float
    predictions: tuple[float, ...]


def gauc_evaluator(models: Sequence[str]) -> evaluator.Evaluator:
    """Evaluator of TFMA that adds GAUC to the metrics.

    Args:
      models: The names of the models.
    """
    return evaluator.Evaluator(
        stage_name="EvaluateGauc",
        run_after=BATCHES_STAGE,
        # TFMA gives a single model no name.
        ptransform=_Gauc(models if len(models) > 1 else [""]),
    )


class _Gauc(beam.PTransform[Any, Any]):
    """From TFMA's extracts to GAUC by slice."""

    def __init__(self, models: Sequence[str]):
        super().__init__()
        self._models = list(models)

    def expand(
        self, extracts: pvalue.PCollection[Any]
    ) -> dict[str, pvalue.PCollection[Any]]:
        impressions = extracts | "Read" >> beam.FlatMap(_impressions, self._models)
        grouped = (
            impressions
            | "InGroup" >> beam.Filter(lambda pair: pair[0] is not None)
            | "ByGroup" >> beam.GroupByKey()
            | "RankGroup" >> beam.FlatMapTuple(_sums_of_group)
        )
        others = (
            impressions
            | "InNoGroup" >> beam.Filter(lambda pair: pair[0] is None)
            | "Count" >> beam.FlatMapTuple(_sums_of_other)
        )
        metrics = (
            (grouped, others)
            | "All" >> beam.Flatten()
            | "BySlice" >> beam.CombinePerKey(_SumByBlock(_WON + len(self._models)))
            | "Metrics" >> beam.Map(_metrics, self._models)
        )
        return {constants.METRICS_KEY: metrics}


def _impressions(
    extracts: Extracts, models: Sequence[str]
) -> Iterator[tuple[bytes | None, _Impression]]:
    """Yields the examples of a batch with their groups."""
    predictions = predictions_of(extracts)
    by_row = zip(*(predictions[model].tolist() for model in models), strict=True)
    labels = labels_of(extracts).tolist()
    rows = zip(extracts[GROUPS], extracts[SLICES], labels, by_row, strict=True)
    for group, slices, label, predicted in rows:
        yield group, _Impression(slices, label, predicted)


def _metrics(
    of_slice: tuple[_Slice, Floats], models: Sequence[str]
) -> tuple[_Slice, dict[metric_types.MetricKey, Any]]:
    """From the sums of a slice, [BLOCKS, columns], to its metrics."""
    key, sums = of_slice
    everything = sums.sum(axis=0)
    # All, and then all but each block in turn.
    columns = np.vstack([everything, everything - sums]).T
    coverage = everything[_COVERED] / everything[_EXAMPLES]
    fills_blocks = sums[:, _COVERED].all()
    metrics: dict[metric_types.MetricKey, Any] = {}
    for model, won in zip(models, columns[_WON:], strict=True):
        with np.errstate(invalid="ignore"):
            gauc = won / columns[_COVERED]
        metrics[metric_types.MetricKey(GAUC, model_name=model)] = gauc[0]
        metrics[metric_types.MetricKey(COVERAGE, model_name=model)] = coverage
        if fills_blocks:
            without_each = metric_types.MetricKey(GAUC + WITHOUT_EACH, model_name=model)
            metrics[without_each] = gauc[1:]
    return key, metrics


def _sums_of_group(
    group: bytes, impressions: Iterable[_Impression]
) -> Iterator[tuple[_Slice, tuple[int, Floats]]]:
    """Yields the contribution of a group to each slice that it has examples in."""
    block = block_of(group)
    rows, by_slice = [], defaultdict(list)
    for row, impression in enumerate(impressions):
        rows.append((impression.label, *impression.predictions))
        for key in impression.slices:
            by_slice[key].append(row)
    table = np.array(rows)
    for key, chosen in by_slice.items():
        yield key, (block, _sums_of_slice(table[chosen]))


def _sums_of_slice(table: Floats) -> Floats:
    """The sums of a group's rows in a slice: label and predictions, [rows, 1 + n]."""
    clicked = table[:, 0] > 0
    size = len(table)
    if clicked.all() or not clicked.any():
        return np.array([size, 0] + [0] * (table.shape[1] - 1), np.float64)
    aucs = [_auc(clicked, predictions) for predictions in table.T[1:]]
    return np.array([size, size, *(size * auc for auc in aucs)], np.float64)


def _auc(clicked: Any, predictions: Floats) -> float:
    """Share of pairs that are ranked right; those with equal predictions count half."""
    if np.isnan(predictions).any():
        return math.nan
    above, below = predictions[clicked], np.sort(predictions[~clicked])
    won = np.searchsorted(below, above, "left") + np.searchsorted(below, above, "right")
    return float(won.sum() / (2 * len(above) * len(below)))


def _sums_of_other(
    _: None, impression: _Impression
) -> Iterator[tuple[_Slice, tuple[int, Floats]]]:
    """Yields the contribution of an example without a group: a count."""
    sums = np.zeros(_WON + len(impression.predictions))
    sums[_EXAMPLES] = 1
    for key in impression.slices:
        yield key, (0, sums)


class _SumByBlock(beam.CombineFn):
    """Adds sums, apart for each block."""

    def __init__(self, columns: int):
        self._columns = columns

    def create_accumulator(self) -> Floats:
        return np.zeros((BLOCKS, self._columns))

    def add_input(self, total: Floats, element: tuple[int, Floats]) -> Floats:
        block, sums = element
        total[block] += sums
        return total

    def merge_accumulators(self, totals: Iterable[Floats]) -> Floats:
        return np.sum(list(totals), axis=0)

    def extract_output(self, total: Floats) -> Floats:
        return total
