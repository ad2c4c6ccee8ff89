"""Names of columns: as people write them, and as TensorFlow takes them.

Data files, tf.Examples, the schema, statistics, slices and the inputs of a served model
have the names that people write. TensorFlow wants identifiers for what Transform and
the Trainer make of the columns: tensors, layers, variables and vocabularies.
"""

from __future__ import annotations

import hashlib
import json
import keyword
import re
import string
from typing import Annotated

from config.base import spelled

# Line breaks and control characters would break a line of a message or a log in two;
# TensorFlow Model Analysis keeps serialized examples in a column of its own.
_COLUMN_NAME = r"(?!__raw_record__$)[^\x00-\x1f\x7f-\x9f\u2028\u2029]+"
COLUMN_NAME_RULE = (
    "one or more characters, no line breaks or control characters, and not "
    "__raw_record__, which TensorFlow Model Analysis needs"
)

ColumnName = Annotated[str, spelled(_COLUMN_NAME, COLUMN_NAME_RULE)]

# Names that need no quotes in a key path.
_KEY = r"[\w-]+"

# Starts the names that are written in code.
_CODED = "utf8__"
_AS_IS = frozenset((string.ascii_letters + string.digits).encode())
# Of file systems' 255 bytes; what writes a vocabulary adds to its name.
_LONGEST = 200


def is_column_name(name: str) -> bool:
    """Returns whether a column of this name can be used."""
    return re.fullmatch(_COLUMN_NAME, name) is not None


def as_key(name: str) -> str:
    """Returns a name as it is in a key path, such as `features."City Name".kind`."""
    if re.fullmatch(_KEY, name):
        return name
    return json.dumps(name, ensure_ascii=False)


def tensor_name(name: str) -> str:
    """Returns the identifier that stands for a column's name in TensorFlow.

    It is a letter followed by letters, digits and underscores (all ASCII), at most 200,
    and no keyword of Python: a name that is valid for an operation, a layer, a file and
    an argument of a function. Two names never have the same one.

    A name that is such an identifier stands for itself. Of any other, the bytes of its
    UTF-8 form are written as letters and digits or as `_` and two hexadecimal digits,
    after a prefix: `City Name` becomes `utf8__City_20Name`. Where that is too long, a
    digest stands for its end.
    """
    if _is_identifier(name):
        return name
    data = name.encode()
    coded = _CODED + "".join(
        chr(byte) if byte in _AS_IS else f"_{byte:02X}" for byte in data
    )
    if len(coded) <= _LONGEST:
        return coded
    # Two underscores side by side are only in the prefix and here.
    end = f"__{hashlib.sha256(data).hexdigest()}"
    return coded[: _LONGEST - len(end)] + end


def _is_identifier(name: str) -> bool:
    return (
        re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is not None
        and len(name) <= _LONGEST
        and not name.startswith(_CODED)
        # Inputs of a signature are keyword arguments of a method.
        and not keyword.iskeyword(name)
        and name != "self"
    )
