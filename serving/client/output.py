"""Writer of predictions to CSV or JSON lines."""

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

# Significant digits of a float32.
_DIGITS = ".9g"

Record = Sequence[Any]


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
