"""Files to tf.Examples, a record batch at a time."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf
from apache_beam.transforms import combiners
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.utils import proto_utils
from tfx_bsl.coders import example_coder

from components.example_gen.canonical import canonical_batch
from components.example_gen.checks import (
    Counts,
    check_one_kind,
    check_split,
    count_batch,
    first_files,
    kinds_of,
    sum_counts,
)
from components.example_gen.earlier_shards import Content, EarlierShards, Source
from components.example_gen.files import files_matching
from components.example_gen.readers import read_tables
from components.example_gen.spans import (
    SPANS_PROPERTY,
    WINDOW,
    files_of,
    span_files,
    span_number,
)
from components.example_gen.splits import split_by_time, split_rows
from components.example_gen.times import (
    Histogram,
    Start,
    choose_start,
    histogram,
    merged,
    time_keys,
)
from components.shared.artifacts import Artifacts, Properties
from components.shared.result_cache import cache_beside
from config.errors import InputError
from config.examples import SPLITS
from config.files.example_files import errors_at
from config.parts import ExampleGenPart
from config.spans import RunSpans, Spans

# Tags of the kinds of values of columns, and of files that need not be read.
_KINDS = "kinds"
_TAKEN = "taken"

_log = logging.getLogger(__name__)


class ExampleGenExecutor(base_beam_executor.BaseBeamExecutor):
    """Reads CSV, Parquet or TFRecord files and writes splits of tf.Examples.

    Every file is read once, by one worker, and becomes one shard of each split; if it
    is as in an earlier run, the shards of that run are taken over.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Generates the examples.

        Raises:
          InputError: No file matches, a file is malformed, a split is empty or the
            label is constant.
        """
        part = ExampleGenPart.model_validate_json(exec_properties["part"])
        sources = _find_sources(exec_properties, part)
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        splits = sorted({split for source in sources for split in source.splits})
        examples.split_names = artifact_utils.encode_split_names(splits)
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        if window := _window(exec_properties):
            examples.set_string_custom_property(
                SPANS_PROPERTY, window.model_dump_json()
            )
            # From here StatisticsGen has that of the statistics.
            examples.span = span_number(window.newest)
        folders = {
            split: artifact_utils.get_split_uri([examples], split) for split in splits
        }
        earlier = EarlierShards(
            cache_beside(examples, exec_properties), part, exec_properties["code"]
        )
        with self._make_beam_pipeline() as pipeline:
            files = (
                pipeline
                | "Sources" >> beam.Create(sources)
                | "OneWorkerAFile" >> beam.Reshuffle()
            )
            written = files | "WriteExamples" >> beam.ParDo(
                _WriteExamples(part, folders, earlier), _start(files, part)
            ).with_outputs(_KINDS, _TAKEN, main="counts")
            _ = (
                written["counts"]
                | "Count" >> beam.CombinePerKey(sum_counts)
                | "Check" >> beam.Map(check_split, part)
            )
            _ = (
                written[_KINDS]
                | "FirstFiles" >> beam.CombinePerKey(first_files)
                | "CheckKinds" >> beam.Map(check_one_kind)
            )
            _ = (
                written[_TAKEN]
                | "CountTaken" >> combiners.Count.Globally()
                | "LogTaken" >> beam.Map(_log_taken, len(sources))
            )


def _start(files: Any, part: ExampleGenPart) -> Any:
    """A side input of the time from which on rows evaluate, or None for no such."""
    if part.time_split is None:
        return None
    return beam.pvalue.AsSingleton(
        files
        | "ReadTimes" >> beam.FlatMap(_read_times, part)
        | "MergeTimes" >> beam.CombineGlobally(merged)
        | "ChooseStart" >> beam.Map(_choose_start, part.time_split.eval)
    )


def _read_times(source: Source, part: ExampleGenPart) -> Iterator[Histogram]:
    assert part.time_split is not None
    path, column = Source(*source).path, part.time_split.column
    only_times = part.model_copy(update={"columns": {}, "label": None})
    total = None
    for table in read_tables(path, only_times):
        with errors_at(path):
            times = histogram(*time_keys(column, table.column(column)))
            total = merged([total, times])
    if total is not None:
        yield total


def _choose_start(total: Histogram | None, share: float) -> Start | None:
    start = choose_start(total, share)
    if start is not None:
        _log.info("rows from %s on evaluate, %.1f%%", start.text, 100 * start.share)
    return start


def _find_sources(
    exec_properties: dict[str, Any], part: ExampleGenPart
) -> list[Source]:
    """The files that the driver looked at."""
    sources = []
    for split, paths in paths_by_split(exec_properties):
        names = SPLITS if part.splits_rows else (split,)
        for index, path in enumerate(paths):
            shard = f"data_tfrecord-{index:05d}-of-{len(paths):05d}.gz"
            sources.append(Source(path, names, shard))
    _check_apart(sources)
    return sources


def _window(exec_properties: dict[str, Any]) -> RunSpans | None:
    """The spans that the driver chose, where the examples are in spans."""
    text = exec_properties.get(WINDOW)
    return RunSpans.model_validate_json(text) if text else None


def paths_by_split(
    exec_properties: dict[str, Any],
) -> Iterator[tuple[str, list[str]]]:
    """Yields the files of each split, or of all rows where these are split."""
    root = exec_properties["input_base"]
    if window := _window(exec_properties):
        spans = Spans.model_validate_json(exec_properties["spans"])
        files = span_files(root, spans.pattern)
        for split, names in window.splits.items():
            yield split, files_of(files, names)
        return
    inputs = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties["input_config"], inputs)
    for split in inputs.splits:
        yield split.name, files_matching(root, split.pattern)


def _check_apart(sources: list[Source]) -> None:
    """Evaluating on what was trained on would flatter any model."""
    for path, count in Counter(source.path for source in sources).items():
        if count > 1:
            raise InputError(
                f"{path}: this file is in two splits; correct the patterns under "
                "examples.splits"
            )


def _log_taken(taken: int, files: int) -> None:
    if taken:
        _log.info("%d of %d files read in an earlier run", taken, files)


class _WriteExamples(beam.DoFn):
    """Writes the shards of a source; yields (split, counts), kinds, and if taken over.

    Reads the source, unless the shards of an earlier run can be taken over.
    """

    def __init__(
        self, part: ExampleGenPart, folders: dict[str, str], earlier: EarlierShards
    ):
        self._part = part
        self._folders = folders
        self._earlier = earlier

    def process(self, source: Source, start: Start | None) -> Iterator[Any]:
        source = Source(*source)
        content = self._earlier.take(source, self._folders)
        if content is not None:
            yield beam.pvalue.TaggedOutput(_TAKEN, source.path)
        else:
            key = self._earlier.key(source)
            content = self._write(source, start)
            self._earlier.record(key, source, self._folders, content)
        yield from content.counts.items()
        for name, kind in content.kinds.items():
            yield beam.pvalue.TaggedOutput(_KINDS, (name, {kind: source.path}))

    def _write(self, source: Source, start: Start | None) -> Content:
        totals = dict.fromkeys(source.splits, Counts(0, 0))
        kinds: dict[str, str] = {}
        encoder = example_coder.RecordBatchToExamplesEncoder()
        with ExitStack() as stack:
            writers = {
                split: stack.enter_context(_writer(self._folders[split], source.shard))
                for split in source.splits
            }
            for table, batches in _read_splits(source, self._part, start):
                kinds |= kinds_of(table, self._part)
                for split, batch in batches.items():
                    for record in encoder.encode(batch):
                        writers[split].write(record)
                    counts = [totals[split], count_batch(batch, self._part)]
                    totals[split] = sum_counts(counts)
        return Content(totals, kinds)


def _writer(folder: str, shard: str) -> tf.io.TFRecordWriter:
    tf.io.gfile.makedirs(folder)
    # Level 1 writes about twice as fast as the default for a tenth more bytes.
    options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
    return tf.io.TFRecordWriter(os.path.join(folder, shard), options)


def _read_splits(
    source: Source, part: ExampleGenPart, start: Start | None
) -> Iterator[tuple[pa.Table, dict[str, pa.RecordBatch]]]:
    """Yields tables as they were read, and the examples of each split."""
    row = 0
    for table in read_tables(source.path, part):
        with errors_at(source.path):
            batch = canonical_batch(table, part)
            masks = _split_masks(table, batch, row, source, part, start)
        row += table.num_rows
        yield (
            table,
            {split: batch.filter(pa.array(mask)) for split, mask in masks.items()},
        )


def _split_masks(
    table: pa.Table,
    batch: pa.RecordBatch,
    row: int,
    source: Source,
    part: ExampleGenPart,
    start: Start | None,
) -> dict[str, npt.NDArray[Any]]:
    if part.hash_split:
        return split_rows(table, batch, part.hash_split, row)
    if part.time_split and start:
        return split_by_time(table, part.time_split.column, start)
    return {source.splits[0]: np.ones(table.num_rows, dtype=bool)}
