"""The examples as columns of codes, which a question about any value needs.

All examples are read once; the memory is 4 bytes for each value, and the distinct
values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.canonical import canonical_batch
from components.example_gen.files import files_matching, input_patterns
from components.example_gen.readers import read_tables
from components.example_gen.spans import files_of, find_window
from config.errors import InputError
from config.examples import Examples
from config.features import Feature, Numeric
from config.parts import ExampleGenPart
from config.root import Config
from ctr.neighbors.answers import Value

_MISSING = -1
# A separator that no text of a list is expected to hold.
_SEPARATOR = "\x1f"
# A feature describes another where so many of its values follow from it; not all, since
# logs have errors.
_DESCRIBES = 0.99


@dataclass(frozen=True)
class Column:
    """A feature of all examples.

    Attributes:
      codes: Index of the value of each example, or -1; int32 [examples].
      values: The distinct values.
    """

    codes: npt.NDArray[np.int32]
    values: list[Value]

    def value(self, code: int) -> Value | None:
        """The value of a code; None for a missing one."""
        return None if code == _MISSING else self.values[code]


def read_columns(config: Config) -> dict[str, Column]:
    """Reads the features of all examples, first those to train on.

    Raises:
      InputError: A file is missing or malformed, or there are no examples.
    """
    part = ExampleGenPart.of_serving_examples(config)
    chunks: dict[str, list[pa.Array]] = defaultdict(list)
    for path in _paths(config.examples):
        for table in read_tables(path, part):
            batch = canonical_batch(table, part)
            for name, data in zip(part.columns, batch.columns, strict=True):
                chunks[name].append(_encoded(data, config.features[name]))
    if not chunks:
        raise InputError(f"{config.examples.root}: there are no examples in its files")
    return {
        name: _column(arrays, config.features[name]) for name, arrays in chunks.items()
    }


def _paths(examples: Examples) -> list[str]:
    if examples.spans is not None:
        window, files = find_window(examples.root, examples.spans)
        return files_of(files, (*window.train, *window.eval))
    patterns = input_patterns(examples).values()
    return [path for each in patterns for path in files_matching(examples.root, each)]


def _encoded(data: pa.Array, feature: Feature) -> pa.Array:
    """One value for each example, as a dictionary; NaN and infinity are missing."""
    if isinstance(feature, Numeric):
        numbers = pc.list_element(data, 0)
        return pc.if_else(pc.is_finite(numbers), numbers, None).dictionary_encode()
    texts = pc.binary_join(data.cast(pa.list_(pa.string())), _SEPARATOR)
    return texts.dictionary_encode()


def _column(chunks: list[pa.Array], feature: Feature) -> Column:
    arrays = pa.chunked_array(chunks).unify_dictionaries().chunks
    codes = [array.indices.fill_null(_MISSING).to_numpy() for array in arrays]
    values: list[Value] = arrays[0].dictionary.to_pylist()
    if not isinstance(feature, Numeric) and feature.many:
        values = [tuple(str(value).split(_SEPARATOR)) for value in values]
    return Column(np.concatenate(codes), values)


def last_example(
    columns: Mapping[str, Column], feature: str, value: Value | None
) -> dict[str, Value | None] | None:
    """The last example with a value that is not missing; None where there is none."""
    column = columns[feature]
    if value is None or value not in column.values:
        return None
    (rows,) = np.nonzero(column.codes == column.values.index(value))
    return {name: other.value(other.codes[rows[-1]]) for name, other in columns.items()}


def describes(column: Column, key: Column) -> bool:
    """Returns True if the values of a column follow from those of another.

    Two examples with one key, one after the other in the log, must agree but for a few.
    A column that is missing in an example says nothing about it.
    """
    keys, codes = _by_key(column, key)
    same_key = keys[1:] == keys[:-1]
    agree = (codes[1:] == codes[:-1])[same_key]
    return bool(agree.size and agree.mean() >= _DESCRIBES)


def last_by_key(column: Column, key: Column) -> list[Value | None]:
    """For each value of a key the last value of a column that is not missing."""
    keys, codes = _by_key(column, key)
    is_last = np.append(keys[1:] != keys[:-1], True)[: len(keys)]
    last = np.full(len(key.values), _MISSING)
    last[keys[is_last]] = codes[is_last]
    return [column.value(code) for code in last]


def _by_key(
    column: Column, key: Column
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Codes of a key and of a column where both are there, by key, then in order."""
    (rows,) = np.nonzero((key.codes != _MISSING) & (column.codes != _MISSING))
    rows = rows[np.argsort(key.codes[rows], kind="stable")]
    return key.codes[rows], column.codes[rows]
