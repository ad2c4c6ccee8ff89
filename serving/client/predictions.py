"""From a file to predictions."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.errors import InputError
from serving.client.client import Client
from serving.client.files import FileRows, Layout, read_rows

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
