"""Writes predictions, beside what is kept of the rows."""

from __future__ import annotations

import csv
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from config.errors import InputError
from config.signatures import PROBABILITY

# As many digits as a float32 has.
_DIGITS = ".9g"

Record = Sequence[Any]


def write_predictions(
    path: Path | None, names: Sequence[str], records: Iterable[Record]
) -> int:
    """Writes records, each some values and the probability.

    Args:
      path: A `.csv` or `.jsonl` file, which appears once it is whole; None for CSV to
        standard output.
      names: The names of the values before the probability.
      records: What to write.

    Returns:
      How many records were written.

    Raises:
      InputError: The file has another format, or cannot be written.
    """
    suffix = ".csv" if path is None else path.suffix
    if suffix not in _WRITERS:
        raise InputError(f"{path}: got {suffix!r}; allowed: .csv or .jsonl")
    columns = [*names, PROBABILITY]
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise InputError(
            f"two columns would be called {twice[0]!r}; keep other columns, each once"
        )
    records = iter(records)
    # Before anything is written: what is wrong mostly is so with the first.
    first = list(itertools.islice(records, 1))
    with _open(path) as file:
        return _WRITERS[suffix](file, columns, itertools.chain(first, records))


def _write_csv(file: TextIO, names: Sequence[str], records: Iterable[Record]) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    count = 0
    for *kept, probability in records:
        writer.writerow([*kept, format(probability, _DIGITS)])
        count += 1
    return count


def _write_json(file: TextIO, names: Sequence[str], records: Iterable[Record]) -> int:
    count = 0
    for *kept, probability in records:
        values = [*kept, float(format(probability, _DIGITS))]
        row = dict(zip(names, values, strict=True))
        # Dates and the like become texts.
        file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
        count += 1
    return count


_WRITERS: Mapping[str, Callable[[TextIO, Sequence[str], Iterable[Record]], int]] = {
    ".csv": _write_csv,
    ".jsonl": _write_json,
}


@contextmanager
def _open(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        file = aside.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        with file:
            yield file
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
