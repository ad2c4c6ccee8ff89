"""Extractors of TFMA that score and slice a batch of examples as a whole.

TFMA's own split each batch into examples, at about a millisecond each. Here a batch
becomes one extract for each slice that it has examples in, with the counts of their
scores. The slices are those of TFMA's slicer, and its evaluator adds up the counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.api.types import EvalSharedModel
from tensorflow_model_analysis.extractors import predictions_extractor
from tensorflow_model_analysis.extractors.extractor import Extractor
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.slicer import slicer_lib

from components.evaluator.score_counts import Bins, Floats, Ints, Scores, block_of

Extracts = Mapping[str, Any]

# An extract has these beside those of TFMA; of a batch, by row: the slices of the
# example, and its group as bytes or None.
SLICES, GROUPS = "slices", "groups"
# Of a slice in a batch: its `ScoreTable` by model.
SCORE_TABLES = "score_tables"

# The stage whose extracts are whole batches with slices, groups and predictions.
BATCHES_STAGE = predictions_extractor.PREDICTIONS_EXTRACTOR_STAGE_NAME


def extractors(
    config: config_pb2.EvalConfig,
    models: Sequence[EvalSharedModel],
    tensor_representations: Mapping[str, Any],
    group_by: str | None,
    thresholds: Sequence[float],
) -> list[Extractor]:
    """Returns the extractors, in their order.

    Args:
      config: TFMA's configuration.
      models: The models.
      tensor_representations: Layout of the features.
      group_by: The column whose groups stay together in a block.
      thresholds: Thresholds of all metrics.
    """
    specs = [slicer_lib.SingleSliceSpec(spec=spec) for spec in config.slicing_specs]
    return [
        Extractor("ExtractSlices", beam.Map(_with_slices, specs, group_by)),
        tfma.extractors.FeaturesExtractor(config, tensor_representations),
        tfma.extractors.LabelsExtractor(config),
        tfma.extractors.PredictionsExtractor(config, models),
        # TFMA's evaluator runs after the stage of this name.
        Extractor(
            tfma.extractors.SLICE_KEY_EXTRACTOR_STAGE_NAME,
            beam.FlatMap(by_slice, Bins(thresholds)),
        ),
    ]


def labels_of(extracts: Extracts) -> Floats:
    """The labels of a batch, [rows]."""
    labels = extracts[constants.LABELS_KEY]
    if isinstance(labels, Mapping):  # the same for each model
        labels = next(iter(labels.values()))
    # Lists of one, since ExampleGen sees to it that each example has a label.
    values = getattr(labels, "values", labels)
    return np.asarray(values, np.float64).reshape(-1)


def predictions_of(extracts: Extracts) -> dict[str, Floats]:
    """The probabilities that models predict for a batch, [rows], by model.

    A single model has no name.
    """
    predictions = extracts[constants.PREDICTIONS_KEY]
    by_model = predictions if isinstance(predictions, Mapping) else {"": predictions}
    return {
        model: np.asarray(values, np.float64).reshape(-1)
        for model, values in by_model.items()
    }


def _with_slices(
    extracts: Extracts, specs: list[slicer_lib.SingleSliceSpec], group_by: str | None
) -> Extracts:
    """Adds the slices and the group of each example."""

    def slices_of(features: Mapping[str, Any]) -> tuple[Any, ...]:
        found = slicer_lib.get_slices_for_features_dicts([], features, specs)
        return tuple(set(found))

    batch = extracts[constants.ARROW_RECORD_BATCH_KEY]
    columns = sorted({name for spec in specs for name in _columns(spec)})
    groups = [] if group_by is None else [group_by]
    return {
        **extracts,
        SLICES: _by_row(batch, columns, slices_of),
        GROUPS: _by_row(batch, groups, _group_of),
    }


def _columns(spec: slicer_lib.SingleSliceSpec) -> list[str]:
    proto = spec.to_proto()
    return [*proto.feature_keys, *proto.feature_values]


def _by_row(
    batch: pa.RecordBatch,
    columns: Sequence[str],
    value_of: Callable[[Mapping[str, Any]], Any],
) -> npt.NDArray[np.object_]:
    """Computes a value of some columns, once for each combination: object [rows]."""
    names = [name for name in columns if name in batch.schema.names]
    lists_of = [batch.column(name).to_pylist() for name in names]
    rows: Any = zip(*lists_of, strict=True) if names else [()] * batch.num_rows
    known: dict[tuple[tuple[Any, ...], ...], Any] = {}
    values = np.empty(batch.num_rows, object)
    for row, lists in enumerate(rows):
        combination = tuple(tuple(each or ()) for each in lists)
        if combination not in known:
            arrays = (np.array(each, object) for each in combination)
            known[combination] = value_of(dict(zip(names, arrays, strict=True)))
        values[row] = known[combination]
    return values


def _group_of(features: Mapping[str, Any]) -> bytes | None:
    """The same bytes for all examples of a group; None where it is missing."""
    for values in features.values():
        if any(value != b"" for value in values):
            return repr(np.unique(values).tolist()).encode()
    return None


def by_slice(extracts: Extracts, bins: Bins) -> Iterator[Extracts]:
    """Yields an extract for each slice of a batch."""
    rows_of = defaultdict(list)
    for row, keys in enumerate(extracts[SLICES]):
        for key in keys:
            rows_of[key].append(row)
    labels, blocks = labels_of(extracts), _blocks(extracts)
    scores = {
        model: Scores.of(labels, predictions, blocks, bins)
        for model, predictions in predictions_of(extracts).items()
    }
    for key, rows in rows_of.items():
        yield {
            constants.SLICE_KEY_TYPES_KEY: slicer_lib.slice_keys_to_numpy_array([key]),
            SCORE_TABLES: {model: each.table(rows) for model, each in scores.items()},
        }


def _blocks(extracts: Extracts) -> Ints:
    """The blocks of a batch, [rows].

    Examples are assigned to blocks at random, as the jackknife requires (Kott 2001,
    The delete-a-group jackknife, Journal of Official Statistics 17), groups as a whole.
    The hash is reproducible. It includes the number of the example in its batch: by
    content alone, all clicks of a combination of values would be in one block. Of
    20,000 examples with 200 combinations, the intervals of the AUC were then four times
    as wide as DeLong's.
    """
    keys = (
        group or example + number.to_bytes(8, "little")
        for number, (group, example) in enumerate(
            zip(extracts[GROUPS], extracts[constants.INPUT_KEY].tolist(), strict=True)
        )
    )
    return np.array([block_of(key) for key in keys], np.int64)
