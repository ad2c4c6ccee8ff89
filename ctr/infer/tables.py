"""The columns of several files as one table's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from config.errors import InputError
from config.values.canonical_array import canonical_texts


def columns_of_all(
    tables: Mapping[Path, pa.Table],
) -> tuple[dict[str, pa.Array], dict[str, Path]]:
    """The columns that all files have, and for each other one a file without it.

    Raises:
      InputError: The files have too little in common, or values that are read as none.
    """
    names = {path: set(table.column_names) for path, table in tables.items()}
    common = set.intersection(*names.values())
    if common not in names.values():
        _raise_difference(names)
    others = set.union(*names.values()) - common
    first = next(iter(tables.values()))
    columns = {
        name: _as_one(name, {path: table[name] for path, table in tables.items()})
        for name in first.column_names
        if name in common
    }
    return columns, {
        name: path for path in names for name in sorted(others - names[path])
    }


def _raise_difference(names: Mapping[Path, set[str]]) -> None:
    (first, expected), *rest = names.items()
    path, found = next(each for each in rest if each[1] != expected)
    raise InputError(
        f"{path} and {first} do not have the same columns; only one of them has: "
        f"{', '.join(sorted(expected ^ found))}; give files of the same columns, in "
        "CSV each with a header line"
    )


def _as_one(name: str, values: Mapping[Path, pa.ChunkedArray]) -> pa.Array:
    """The values of one type or, where files have several, what ExampleGen compares."""
    arrays = {path: _plain(data) for path, data in values.items()}
    _check_not_booleans_beside_numbers(name, arrays)
    wanted = _common_type(array.type for array in arrays.values())
    if wanted is not None:
        try:
            return pa.concat_arrays([array.cast(wanted) for array in arrays.values()])
        except pa.ArrowInvalid:
            pass  # A value would change, as an integer beyond 2^53 among doubles.
    return pa.concat_arrays([_texts(name, *each) for each in arrays.items()])


def _check_not_booleans_beside_numbers(
    name: str, arrays: Mapping[Path, pa.Array]
) -> None:
    """Checks what ExampleGen refuses: `true` and `1` would be two values.

    Raises:
      InputError: One file has booleans, and another one numbers.
    """
    booleans = [p for p, each in arrays.items() if pa.types.is_boolean(each.type)]
    numbers = [p for p, each in arrays.items() if _is_number(each.type)]
    if booleans and numbers:
        raise InputError(
            f"column {name!r}: got booleans in {booleans[0]} and numbers in "
            f"{numbers[0]}; write it as one type in all files"
        )


def _plain(data: pa.ChunkedArray) -> pa.Array:
    array = pa.concat_arrays(data.chunks) if data.num_chunks else pa.nulls(0)
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _common_type(found: Iterable[pa.DataType]) -> pa.DataType | None:
    """The type of all values; None where texts alone could hold them.

    A column is of type null in a file where all its values are missing.
    """
    kinds = list(dict.fromkeys(kind for kind in found if not pa.types.is_null(kind)))
    if len(kinds) < 2:
        return kinds[0] if kinds else pa.null()
    for is_alike, wanted in (
        (pa.types.is_integer, pa.int64()),
        (_is_number, pa.float64()),
        (pa.types.is_temporal, kinds[0]),
        (pa.types.is_nested, kinds[0]),
    ):
        if all(map(is_alike, kinds)):
            return wanted
    return None


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def _texts(name: str, path: Path, values: pa.Array) -> pa.Array:
    try:
        return canonical_texts(values).cast(pa.string())
    except (InputError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path}: column {name!r}: {reason}; write it as one type in all files"
        ) from error
