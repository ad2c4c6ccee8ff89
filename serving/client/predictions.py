"""From a file to predictions."""

from __future__ import annotations

import itertools
import math
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from config.errors import InputError
from serving.client.client import Client
from serving.client.features import Feature, ModelFeatures
from serving.client.files import FileRows, Layout, read_rows
from serving.client.split import Split

if TYPE_CHECKING:
    from serving.client.columns import Chunk


def predict_file(
    client: Client, path: Path, layout: Layout
) -> Iterator[tuple[Any, ...]]:
    """The predictions for the rows of a file, in bounded memory.

    Args:
      client: Whom to ask.
      path: A `.csv`, `.jsonl` (either also `.gz`) or `.parquet` file.
      layout: How the file is to be read.

    Yields:
      For each row the values of the kept columns, and the probability.

    Raises:
      InputError: The file cannot be read, or does not fit the model.
      ServerError: The server does not answer, or refuses to.
    """
    model = client.features()
    with _errors_of(path):
        # Not itertools.tee, which lets go of what was read 57 items at a time.
        under_way: deque[FileRows] = deque()
        chunks = _noted(read_rows(path, model, layout), under_way)
        probabilities = itertools.chain.from_iterable(client.stream(chunks))
        # In this order: rows are under way once their first probability is there.
        for probability, kept in zip(probabilities, _kept(under_way), strict=True):
            yield (*kept, probability)


def predict_file_split(
    client: Client, path: Path, layout: Layout, split: Split, by: str
) -> Iterator[tuple[Any, ...]]:
    """As `predict_file`, by the versions of several labels.

    Args:
      client: Whom to ask.
      path: A `.csv`, `.jsonl` (either also `.gz`) or `.parquet` file.
      layout: How the file is to be read.
      split: Which label answers for whom.
      by: The column with the ids that are split.

    Yields:
      For each row the values of the kept columns, the label that answered, and the
      probability.

    Raises:
      InputError: The file cannot be read, or does not fit the models.
      ServerError: The server does not answer, or refuses to.
    """
    models = {label: client.features(label) for label in split.labels}
    names = layout.keep
    layout = replace(layout, keep=tuple(dict.fromkeys([*names, by])))
    with _errors_of(path):
        for some in read_rows(path, _union(models), layout):
            labels = [split.label_of(key) for key in some.kept[by]]
            probabilities = _by_label(client, some.rows, labels, models)
            kept = [some.kept[name] for name in names]
            yield from zip(*kept, labels, probabilities, strict=True)


def _union(models: Mapping[str, ModelFeatures]) -> ModelFeatures:
    """All features of several models.

    Raises:
      InputError: Two take the same one in different ways.
    """
    features: dict[str, Feature] = {}
    for label, model in models.items():
        for name, feature in model.features.items():
            if features.setdefault(name, feature) != feature:
                raise InputError(
                    f"feature {name!r} is {feature.expected} to the version of "
                    f"{label!r} and {features[name].expected} to another; ask one at a "
                    "time by --label"
                )
    return ModelFeatures(0, features)


def _by_label(
    client: Client,
    rows: Chunk,
    labels: Sequence[str],
    models: Mapping[str, ModelFeatures],
) -> list[float]:
    """The probability of each row, by the version of its label."""
    found = [math.nan] * len(labels)
    for label, model in models.items():
        places = [number for number, each in enumerate(labels) if each == label]
        chosen = _chosen(rows, places, model)
        for place, value in zip(places, client.predict(chosen, label), strict=True):
            found[place] = value
    return found


def _chosen(rows: Chunk, places: Sequence[int], model: ModelFeatures) -> Chunk:
    """Some of the rows, with the features that a model takes."""
    if isinstance(rows, pa.Table):
        known = [name for name in rows.column_names if name in model.features]
        return rows.select(known).take(pa.array(places, pa.int64()))
    return [
        {name: value for name, value in rows[place].items() if name in model.features}
        for place in places
    ]


def _noted(read: Iterator[FileRows], under_way: deque[FileRows]) -> Iterator[Chunk]:
    for some in read:
        under_way.append(some)
        yield some.rows


def _kept(under_way: deque[FileRows]) -> Iterator[tuple[Any, ...]]:
    while under_way:
        some = under_way.popleft()
        columns = some.kept.values()
        for number in range(len(some.rows)):
            yield tuple(values[number] for values in columns)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Puts the file's name before what is wrong with it."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the text is not UTF-8; convert it") from error
    except OSError as error:
        # Arrow's own words name the file once more.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(f"{path}: cannot be read: {reason}") from error
    except pa.ArrowException as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
