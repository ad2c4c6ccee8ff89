"""The heaviest weights of the wide part, named by what they stand for.

An id of a vocabulary, a hash or a bucket is a number; what it stands for is read off a
sample: each value in it is put through the model's own transformation. So a name is
what the id means in practice, whatever the kind of the column.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from components.evaluation_report.collect.sample import Column, Sample, present_items
from components.evaluation_report.content import WideWeight, WideWeights
from config.columns import MISSING_ID, IdColumn, bucket_name, id_columns
from config.features import Cross, Feature, Features, Numeric
from config.names import tensor_name
from serving.scorer import Scorer
from trainer.warm_start.exported_model import ExportedModel

_HEAVIEST = 30
# Of the values that share an id, so many are named.
_NAMED = 3

# A raw value; None for a missing one.
_Value = bytes | float | None
_Values = tuple[_Value, ...]


def heaviest_weights(
    scorer: Scorer,
    model: ExportedModel,
    features: Features,
    crosses: Sequence[Cross],
    sample: Sample,
) -> WideWeights | None:
    """The weights furthest from 0 among those of ids in the sample.

    Args:
      scorer: The model.
      model: The same, to read its variables.
      features: The settings of the features.
      crosses: The crosses.
      sample: The examples that give ids their names.

    Returns:
      None for a model without a wide part.
    """
    tables = {
        column: table
        for column in id_columns(features, crosses)
        if (table := model.weights(f"wide.{column.name}/table")) is not None
    }
    if not tables:
        return None
    named = _Names(scorer, features, sample)
    found = [
        WideWeight(
            column=column.title,
            term=term,
            weight=float(table[number, 0]),
            share=count / len(sample.labels),
        )
        for column, table in tables.items()
        for number, (term, count) in named.ids(column).items()
    ]
    # A training that went astray leaves weights that are not numbers.
    numbers = (each for each in found if math.isfinite(each.weight))
    heaviest = sorted(numbers, key=lambda each: abs(each.weight), reverse=True)
    return WideWeights(
        examples=len(sample.labels),
        ids=len(found),
        heaviest=tuple(heaviest[:_HEAVIEST]),
    )


class _Names:
    """Names the ids of columns by the values that have them in a sample."""

    def __init__(self, scorer: Scorer, features: Features, sample: Sample):
        self._scorer = scorer
        self._values = {
            name: [_values(row, features[name]) for row in column.tolist()]
            for name, column in sample.columns.items()
        }
        self._ranges = {
            name: self._ranges_of(name, sample.columns[name])
            for name, feature in features.items()
            if isinstance(feature, Numeric) and feature.is_bucketized
        }

    def ids(self, column: IdColumn) -> dict[int, tuple[str, int]]:
        """For each id in the sample its name, and the number of examples with it."""
        sources = column.sources
        counts: Counter[tuple[str, ...]] = Counter()
        values_of: dict[tuple[str, ...], _Values] = {}
        for values in self._combinations(sources):
            texts = tuple(map(self._text, sources, values))
            counts[texts] += 1
            values_of[texts] = values
        ids = self._transformed(column.name, sources, list(values_of.values()))
        terms: dict[int, Counter[str]] = defaultdict(Counter)
        for number, texts in zip(ids, values_of, strict=True):
            terms[number][_term(sources, texts)] = counts[texts]
        return {number: (_one_of(each), each.total()) for number, each in terms.items()}

    def _combinations(self, sources: tuple[str, ...]) -> Iterator[_Values]:
        """The values of each example, combined.

        An empty list is a missing value, but has no combination in a cross.
        """
        if len(sources) == 1:
            for values in self._values[sources[0]]:
                yield from dict.fromkeys((value,) for value in values or [None])
            return
        for row in zip(*(self._values[name] for name in sources), strict=True):
            yield from dict.fromkeys(itertools.product(*row))

    def _text(self, name: str, value: _Value) -> str:
        if value is None:
            return "(missing)"
        if isinstance(value, bytes):
            return value.decode("utf-8", "backslashreplace")
        return self._ranges[name][value]

    def _ranges_of(self, name: str, column: Column) -> dict[float, str]:
        """For each number in the sample, the range of numbers that share its bucket."""
        numbers = sorted({each for each in column.tolist() if not math.isnan(each)})
        ids = self._transformed(
            tensor_name(bucket_name(name)), (name,), [(number,) for number in numbers]
        )
        ranges: dict[float, str] = {}
        for _, together in itertools.groupby(
            zip(ids, numbers, strict=True), key=lambda pair: pair[0]
        ):
            bucket = [number for _, number in together]
            low, high = bucket[0], bucket[-1]
            text = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            ranges |= dict.fromkeys(bucket, text)
        return ranges

    def _transformed(
        self, column: str, sources: tuple[str, ...], rows: Sequence[_Values]
    ) -> list[int]:
        """The id of each combination of single values."""
        if not rows:
            return []
        examples = [_example(dict(zip(sources, row, strict=True))) for row in rows]
        ids = self._scorer.transformed(examples)[column]
        # Lists are as long as the longest, so of no length where all are empty.
        padded = np.pad(
            ids.reshape(len(rows), -1), ((0, 0), (0, 1)), constant_values=MISSING_ID
        )
        return [int(number) for number in padded[:, 0]]


def _values(row: list[bytes] | bytes | float, feature: Feature) -> list[_Value]:
    """The values of a feature in an example, of a sequence those that are kept."""
    if isinstance(row, list):
        return [*present_items(row, feature)]
    if isinstance(row, bytes):
        return [row or None]
    return [None if math.isnan(row) else row]


def _example(values: Mapping[str, _Value]) -> bytes:
    example = tf.train.Example()
    for name, value in values.items():
        if isinstance(value, bytes):
            example.features.feature[name].bytes_list.value.append(value)
        elif value is not None:
            example.features.feature[name].float_list.value.append(value)
    serialized: bytes = example.SerializeToString()
    return serialized


def _term(sources: tuple[str, ...], texts: tuple[str, ...]) -> str:
    if len(sources) == 1:
        return texts[0]
    return ", ".join(map("{}={}".format, sources, texts))


def _one_of(terms: Counter[str]) -> str:
    """The most frequent of the terms that share an id."""
    named = [term for term, _ in terms.most_common(_NAMED)]
    others = len(terms) - len(named)
    return " or ".join(named) + (f" or {others:,} more" if others else "")
