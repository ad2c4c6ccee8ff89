"""Metrics of TFMA's that are computed from counts of scored examples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.evaluator.curves import curve_of
from components.evaluator.extracts import (
    Extracts,
    example_of,
    group_of,
    label_and_prediction,
)
from components.evaluator.figures import figure_named
from components.evaluator.scores import Bins, Sample, Score, ScoreTable, block_of

# Follows the name of a metric in the name of its figures without each block.
WITHOUT_EACH = "_without_each_block"

# Fewer examples make no curve.
_FEWEST_FOR_CURVES = 100

# Scores that are kept one by one until they are added to the table.
_PENDING = 4096

_Values = Mapping[metric_types.MetricKey, Any]


class ScoreMetric(metric_types.Metric):
    """A figure, and beside it what it is without each block of examples.

    All such metrics of a model share one table of counts for each slice, which has at
    most 16,400 bins x 20 blocks cells of 32 bytes: 10 MB, however many examples there
    are, and much less where they are few.
    """

    def __init__(
        self, name: str, thresholds: Sequence[float], group_by: str | None = None
    ):
        """Makes the metric.

        Args:
          name: A name that `figure_named` knows.
          thresholds: Thresholds of all metrics.
          group_by: The column whose groups stay together in a block.
        """
        super().__init__(
            metric_util.merge_per_key_computations(self._of_model),
            name=name,
            thresholds=thresholds,
            group_by=group_by,
        )

    @staticmethod
    def _of_model(
        name: str,
        thresholds: Sequence[float],
        group_by: str | None,
        model_name: str = "",
    ) -> metric_types.MetricComputations:
        bins = Bins(thresholds)
        counted, counts = _sample(bins, group_by, model_name)
        figure = figure_named(name, bins)
        key = metric_types.MetricKey(name, model_name=model_name)
        without_each = key._replace(name=name + WITHOUT_EACH)

        def result(values: _Values) -> dict[metric_types.MetricKey, Any]:
            sample = values[counts]
            if not sample.is_finite:
                return {key: math.nan}
            with np.errstate(divide="ignore", invalid="ignore"):
                figures = figure(sample)
            if not sample.fills_blocks:
                return {key: figures[0]}
            return {key: figures[0], without_each: figures[1:]}

        return [*counted, metric_types.DerivedMetricComputation([key], result)]


class ScoreCurves(ScoreMetric):
    """The curves of a slice as JSON, where it has enough examples, of both labels."""

    @staticmethod
    def _of_model(
        name: str,
        thresholds: Sequence[float],
        group_by: str | None,
        model_name: str = "",
    ) -> metric_types.MetricComputations:
        bins = Bins(thresholds)
        counted, counts = _sample(bins, group_by, model_name)
        key = metric_types.MetricKey(name, model_name=model_name)

        def result(values: _Values) -> dict[metric_types.MetricKey, Any]:
            sample = values[counts]
            examples = sample.examples[:, 0].sum()
            drawable = sample.is_finite and sample.has_both_labels
            if examples < _FEWEST_FOR_CURVES or not drawable:
                return {}
            return {key: curve_of(sample, bins).model_dump_json()}

        return [*counted, metric_types.DerivedMetricComputation([key], result)]


def _sample(
    bins: Bins, group_by: str | None, model_name: str
) -> tuple[metric_types.MetricComputations, metric_types.MetricKey]:
    """Counts the examples of a slice; TFMA does it once for all metrics of a model.

    Returns:
      The computations, and the key of their result, a `Sample`.
    """
    # TFMA leaves names with a leading underscore out of its output.
    table = metric_types.MetricKey("_score_table", model_name=model_name)
    sample = metric_types.MetricKey("_score_sample", model_name=model_name)
    computations = [
        metric_types.MetricComputation(
            keys=[table],
            preprocessors=[_Scores(bins, group_by, model_name)],
            combiner=_ScoreTableFn(table),
        ),
        metric_types.DerivedMetricComputation(
            keys=[sample], result=lambda values: {sample: Sample.of(values[table])}
        ),
    ]
    return computations, sample


class _Scores(metric_types.Preprocessor):
    """From an example to its score, once for all slices that it is in.

    Examples are assigned to blocks at random, as the jackknife requires (Kott 2001,
    The delete-a-group jackknife, Journal of Official Statistics 17), groups as a whole.
    The hash is reproducible, and both models see the examples of a bundle in the same
    order, so they have the same blocks. It includes the number of the
    example in its bundle: by content alone, all clicks of a combination of values would
    be in one block. Of 20,000 examples with 200 combinations, the intervals of the AUC
    were then four times as wide as DeLong's.
    """

    def __init__(self, bins: Bins, group_by: str | None, model_name: str):
        super().__init__(name=f"scores of {model_name!r}")
        self._bins = bins
        self._group_by = group_by
        self._model_name = model_name

    def start_bundle(self) -> None:
        self._number = 0

    def process(self, extracts: Extracts) -> Iterator[Score]:
        label, prediction = label_and_prediction(extracts, self._model_name)
        block = block_of(self._group(extracts) or self._numbered(extracts))
        self._number += 1
        yield Score.of(label, prediction, block, self._bins)

    def _group(self, extracts: Extracts) -> bytes | None:
        return group_of(extracts, self._group_by) if self._group_by else None

    def _numbered(self, extracts: Extracts) -> bytes:
        return example_of(extracts) + self._number.to_bytes(8, "little")


class _Counted:
    """A table, and scores that are still to be added to it."""

    def __init__(self) -> None:
        self.table = ScoreTable.empty()
        self.pending: list[Score] = []

    def settle(self) -> None:
        """Adds what is pending."""
        if self.pending:
            new = ScoreTable.of(self.pending)
            self.table, self.pending = ScoreTable.merged([self.table, new]), []


class _ScoreTableFn(beam.CombineFn):
    """Adds scores to a table."""

    def __init__(self, key: metric_types.MetricKey):
        self._key = key

    def create_accumulator(self) -> _Counted:
        return _Counted()

    def add_input(self, counted: _Counted, score: Score) -> _Counted:
        counted.pending.append(score)
        if len(counted.pending) >= _PENDING:
            counted.settle()
        return counted

    def merge_accumulators(self, several: Iterable[_Counted]) -> _Counted:
        merged = _Counted()
        parts = [self.compact(counted).table for counted in several]
        merged.table = ScoreTable.merged(parts)
        return merged

    def compact(self, counted: _Counted) -> _Counted:
        counted.settle()
        return counted

    def extract_output(
        self, counted: _Counted
    ) -> dict[metric_types.MetricKey, ScoreTable]:
        return {self._key: self.compact(counted).table}
