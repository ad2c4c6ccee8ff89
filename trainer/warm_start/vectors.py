"""Files of embedding vectors by term: Parquet with the columns `term` and `vector`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types
from tfx.dsl.io import fileio

from config.errors import InputError
from config.values.canonical_array import canonical_texts
from config.values.canonical_text import vocabulary_term


class Vectors(NamedTuple):
    """Embedding vectors.

    Attributes:
      terms: Whose they are, as a vocabulary has them, binary.
      vectors: float32 [terms, size].
    """

    terms: pa.Array
    vectors: npt.NDArray[np.float32]


def read_vectors(path: str, feature: str, size: int) -> Vectors:
    """Reads a file.

    Args:
      path: The file.
      feature: The feature that the vectors are for.
      size: The length that they must have.

    Raises:
      InputError: The file does not fit.
    """
    content = read_checked(path, feature)
    table = pq.read_table(pa.BufferReader(content), columns=["term", "vector"])
    lists = table["vector"].combine_chunks()
    for length in pc.unique(pc.list_value_length(lists)).to_pylist():
        if length != size:
            got = "no vector" if length is None else f"a vector of {length} numbers"
            raise InputError(
                f"{_where(path, feature)}: a term has {got}, where the embedding has "
                f"{size}; correct the file, or change model.embedding_size"
            )
    numbers = lists.flatten().cast(pa.float32()).to_numpy(zero_copy_only=False)
    if not np.isfinite(numbers).all():
        raise InputError(f"{_where(path, feature)}: a number is missing or not finite")
    terms = _terms(table["term"].combine_chunks(), _where(path, feature))
    return Vectors(terms, numbers.reshape(-1, size))


def _terms(values: pa.Array, where: str) -> pa.Array:
    """The canonical texts of terms, as a vocabulary has them: binary."""
    try:
        texts = canonical_texts(values).cast(pa.binary())
    except InputError as error:
        raise InputError(f"{where}: column 'term': {error}") from error
    counted = texts.value_counts()
    terms, counts = counted.flatten()
    wrong = counted.filter(pc.or_(pc.is_null(terms), pc.greater(counts, 1)))
    if len(wrong):
        raise InputError(
            f"{where}: expected one vector for each term, got {wrong[0]['counts']} of "
            f"{wrong[0]['values'].as_py()!r}; remove all but one, or all of no term"
        )
    return pa.array(map(vocabulary_term, texts.to_pylist()), pa.binary())


def read_checked(path: str, feature: str) -> bytes:
    """The content of a file that has the two columns.

    Args:
      path: The file.
      feature: The feature that the vectors are for.

    Raises:
      InputError: It cannot be read, is no Parquet, or lacks a column.
    """
    where = _where(path, feature)
    if not fileio.exists(path) or fileio.isdir(path):
        raise InputError(f"{where}: there is no such file")
    with fileio.open(path, "rb") as file:
        content: bytes = file.read()
    try:
        schema = pq.read_schema(pa.BufferReader(content))
    except pa.ArrowInvalid as error:
        raise InputError(f"{where}: not a Parquet file ({error})") from error
    columns = {field.name: field.type for field in schema}
    if not (_is_term(columns.get("term")) and _is_vector(columns.get("vector"))):
        got = ", ".join(f"{name!r} ({columns[name]})" for name in columns)
        raise InputError(
            f"{where}: expected the columns 'term' (text or numbers) and "
            f"'vector' (lists of numbers), got {got}"
        )
    return content


def _where(path: str, feature: str) -> str:
    return f"training.warm_start.vectors.{feature}: {path}"


def _is_term(column: pa.DataType | None) -> bool:
    if column is None:
        return False
    if types.is_dictionary(column):
        column = column.value_type
    is_text_or_number = (
        types.is_string,
        types.is_large_string,
        types.is_integer,
        types.is_floating,
        types.is_decimal,
        types.is_boolean,
    )
    return any(check(column) for check in is_text_or_number)


def _is_vector(column: pa.DataType | None) -> bool:
    is_list = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    if column is None or not any(check(column) for check in is_list):
        return False
    return types.is_floating(column.value_type) or types.is_integer(column.value_type)
