"""Predictions for the rows of a file, and their writer to CSV or JSON lines."""

from __future__ import annotations

import csv
import itertools
import json
import math
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import pyarrow as pa

from config.errors import InputError
from config.files.example_files import errors_of
from config.signatures import PROBABILITY
from serving.client.client import Client
from serving.client.features import Feature, ModelFeatures
from serving.client.files import FileRows, Layout, read_rows
from serving.client.split import Split

if TYPE_CHECKING:
    from serving.client.columns import Chunk

# Significant digits of a float32.
_DIGITS = ".9g"

Record = Sequence[Any]


def predict_file(
    client: Client, path: Path, layout: Layout
) -> Iterator[tuple[Any, ...]]:
    """Yields the kept columns and the probability of each row, in bounded memory.

    Args:
      path: A `.csv`, `.jsonl` (either also `.gz`) or `.parquet` file.

    Raises:
      InputError: The file cannot be read, or does not match the model.
      ServerError: The server cannot be reached, or rejects a request.
    """
    model = client.features()
    # Not itertools.tee, which keeps 57 items.
    pending: deque[FileRows] = deque()

    def chunks() -> Iterator[Chunk]:
        for part in read_rows(path, model, layout):
            pending.append(part)
            yield part.rows

    with errors_of(path):
        probabilities = itertools.chain.from_iterable(client.stream(chunks()))
        # In this order: rows are pending once their first probability is there.
        for probability, kept in zip(probabilities, _kept(pending), strict=True):
            yield (*kept, probability)


def predict_file_split(
    client: Client, path: Path, layout: Layout, split: Split, by: str
) -> Iterator[tuple[Any, ...]]:
    """Yields predictions as `predict_file`, from the versions of several labels.

    The label comes before the probability.

    Args:
      by: Column with the ids of the users.

    Raises:
      InputError, ServerError: As for `predict_file`.
    """
    models = {label: client.features(label) for label in split.labels}
    names = layout.keep
    layout = replace(layout, keep=tuple(dict.fromkeys([*names, by])))
    with errors_of(path):
        for part in read_rows(path, _union(models), layout):
            labels = [split.label_of(key) for key in part.kept[by]]
            probabilities = _by_label(client, part.rows, labels, models)
            kept = [part.kept[name] for name in names]
            yield from zip(*kept, labels, probabilities, strict=True)


def _union(models: Mapping[str, ModelFeatures]) -> ModelFeatures:
    """Returns the features of several models.

    Raises:
      InputError: Two models expect different types of a feature.
    """
    features: dict[str, Feature] = {}
    for label, model in models.items():
        for name, feature in model.features.items():
            if features.setdefault(name, feature) != feature:
                raise InputError(
                    f"feature {name!r}: the version of {label!r} expects "
                    f"{feature.expected}, another {features[name].expected}; request "
                    "one label at a time with --label"
                )
    return ModelFeatures(0, features)


def _by_label(
    client: Client,
    rows: Chunk,
    labels: Sequence[str],
    models: Mapping[str, ModelFeatures],
) -> list[float]:
    """Returns the probability of each row from the version of its label."""
    probabilities = [math.nan] * len(labels)
    for label, model in models.items():
        indices = [index for index, each in enumerate(labels) if each == label]
        selected = _select(rows, indices, model)
        for index, value in zip(indices, client.predict(selected, label), strict=True):
            probabilities[index] = value
    return probabilities


def _select(rows: Chunk, indices: Sequence[int], model: ModelFeatures) -> Chunk:
    """Selects rows by index, and of these the features of a model."""
    if isinstance(rows, pa.Table):
        known = [name for name in rows.column_names if name in model.features]
        return rows.select(known).take(pa.array(indices, pa.int64()))
    return [
        {name: value for name, value in rows[index].items() if name in model.features}
        for index in indices
    ]


def _kept(pending: deque[FileRows]) -> Iterator[tuple[Any, ...]]:
    while pending:
        part = pending.popleft()
        columns = part.kept.values()
        for index in range(len(part.rows)):
            yield tuple(values[index] for values in columns)


def write_predictions(
    path: Path | None, names: Sequence[str], records: Iterable[Record]
) -> int:
    """Writes predictions, and returns their number.

    Args:
      path: A `.csv` or `.jsonl` file, which appears once it is complete; None writes
        CSV to standard output.
      names: Names of the kept columns.
      records: Values of the kept columns and, last, the probability.

    Raises:
      InputError: The file has another format or cannot be written, or two columns have
        the same name.
    """
    suffix = ".csv" if path is None else path.suffix
    if suffix not in _WRITERS:
        raise InputError(f"{path}: got {suffix!r}; allowed: .csv or .jsonl")
    columns = [*names, PROBABILITY]
    repeated = [name for name in columns if columns.count(name) > 1]
    if repeated:
        raise InputError(
            f"got the output column {repeated[0]!r} twice; keep each column once"
        )
    records = iter(records)
    # Most errors occur at the first record: nothing is written then.
    first = list(itertools.islice(records, 1))
    count = 0
    with _open(path) as file:
        write = _WRITERS[suffix](file, columns)
        for record in itertools.chain(first, records):
            write(record)
            count += 1
    return count


def _csv_writer(file: TextIO, names: Sequence[str]) -> Callable[[Record], object]:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    return lambda record: writer.writerow([*record[:-1], format(record[-1], _DIGITS)])


def _json_writer(file: TextIO, names: Sequence[str]) -> Callable[[Record], object]:
    def write(record: Record) -> None:
        values = [*record[:-1], float(format(record[-1], _DIGITS))]
        row = dict(zip(names, values, strict=True))
        file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")

    return write


# Write the header, and return the writer of a record.
_WRITERS = {".csv": _csv_writer, ".jsonl": _json_writer}


@contextmanager
def _open(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        file = partial.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        with file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
