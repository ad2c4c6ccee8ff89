"""Metrics for TFMA, computed from counts of scored examples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.evaluator.curves import curve_of
from components.evaluator.extractors import SCORE_TABLES, Extracts
from components.evaluator.metrics import metric_named
from components.evaluator.score_counts import Bins, Sample, ScoreTable

# Follows the name of a metric in the name of its figures without each block.
WITHOUT_EACH = "_without_each_block"

# Fewer examples make no curve.
_FEWEST_FOR_CURVES = 100

# Tables of batches that are kept until they are added up.
_PENDING = 64

_Key: TypeAlias = metric_types.MetricKey
_Values: TypeAlias = dict[_Key, Any]


class ScoreMetric(metric_types.Metric):
    """A figure, and beside it what it is without each block of examples.

    All such metrics of a model share one table of counts for each slice, which has at
    most 131,000 bins x 20 blocks cells of 32 bytes: 80 MB, however many examples there
    are, and much less where they are few.
    """

    def __init__(self, name: str, thresholds: Sequence[float]):
        """Makes the metric.

        Args:
          name: A name that `metric_named` knows.
          thresholds: Thresholds of all metrics.
        """
        super().__init__(
            metric_util.merge_per_key_computations(self._of_model),
            name=name,
            thresholds=thresholds,
        )

    @classmethod
    def _of_model(
        cls, name: str, thresholds: Sequence[float], model_name: str = ""
    ) -> metric_types.MetricComputations:
        bins = Bins(thresholds)
        counted, counts = _sample(model_name)
        key = _Key(name, model_name=model_name)

        def result(values: Mapping[_Key, Any]) -> _Values:
            return cls._values(key, values[counts], bins)

        return [*counted, metric_types.DerivedMetricComputation([key], result)]

    @staticmethod
    def _values(key: _Key, sample: Sample, bins: Bins) -> _Values:
        if not sample.is_finite:
            return {key: math.nan}
        with np.errstate(divide="ignore", invalid="ignore"):
            figures = metric_named(key.name, bins)(sample)
        if not sample.fills_blocks:
            return {key: figures[0]}
        without_each = key._replace(name=key.name + WITHOUT_EACH)
        return {key: figures[0], without_each: figures[1:]}


class ScoredExamples(ScoreMetric):
    """The number of examples."""

    @staticmethod
    def _values(key: _Key, sample: Sample, bins: Bins) -> _Values:
        return {key: sample.examples[:, 0].sum()}


class ScoreCurves(ScoreMetric):
    """The curves of a slice as JSON, where it has enough examples, of both labels."""

    @staticmethod
    def _values(key: _Key, sample: Sample, bins: Bins) -> _Values:
        examples = sample.examples[:, 0].sum()
        drawable = sample.is_finite and sample.has_both_labels
        if examples < _FEWEST_FOR_CURVES or not drawable:
            return {}
        return {key: curve_of(sample, bins).model_dump_json()}


def _sample(model_name: str) -> tuple[metric_types.MetricComputations, _Key]:
    """Counts the examples of a slice; TFMA does it once for all metrics of a model.

    Returns:
      The computations, and the key of their result, a `Sample`.
    """
    # TFMA leaves names with a leading underscore out of its output.
    table = _Key("_score_table", model_name=model_name)
    sample = _Key("_score_sample", model_name=model_name)
    computations = [
        metric_types.MetricComputation(
            keys=[table],
            preprocessors=[_Tables(model_name)],
            combiner=_ScoreTableFn(table),
        ),
        metric_types.DerivedMetricComputation(
            keys=[sample], result=lambda values: {sample: Sample.of(values[table])}
        ),
    ]
    return computations, sample


class _Tables(metric_types.Preprocessor):
    """The table of a model in an extract of `extractors`."""

    def __init__(self, model_name: str):
        super().__init__(name=f"score table of {model_name!r}")
        self._model_name = model_name

    def process(self, extracts: Extracts) -> Iterator[ScoreTable]:
        yield extracts[SCORE_TABLES][self._model_name]


class _ScoreTableFn(beam.CombineFn):
    """Adds up tables."""

    def __init__(self, key: _Key):
        self._key = key

    def create_accumulator(self) -> list[ScoreTable]:
        return []

    def add_input(
        self, tables: list[ScoreTable], table: ScoreTable
    ) -> list[ScoreTable]:
        tables.append(table)
        return tables if len(tables) < _PENDING else self.compact(tables)

    def merge_accumulators(
        self, several: Iterable[list[ScoreTable]]
    ) -> list[ScoreTable]:
        return self.compact([table for tables in several for table in tables])

    def compact(self, tables: list[ScoreTable]) -> list[ScoreTable]:
        return [ScoreTable.merged(tables)]

    def extract_output(self, tables: list[ScoreTable]) -> dict[_Key, ScoreTable]:
        return {self._key: ScoreTable.merged(tables)}
