"""Base class of the blocks of the configuration."""

from __future__ import annotations

import os
import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from config.errors import close_to


class Block(BaseModel):
    """A block of the configuration: frozen, and strict about unknown keys."""

    # A bound of NaN would let everything pass, and a traceback quote passwords.
    model_config = ConfigDict(
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, data: Any) -> Any:
        """Names the keys that are allowed, which pydantic's own error does not."""
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    allowed = ", ".join(cls.model_fields)
                    close = close_to(str(key), cls.model_fields)
                    raise ValueError(f"unknown key {key!r}; allowed: {allowed}{close}")
        return data


def spelled(pattern: str, words: str) -> AfterValidator:
    """Validator of texts that a regular expression matches, which `words` describe."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise PydanticCustomError("spelling", "expected {words}", {"words": words})
        return text

    return AfterValidator(check)


# Names a pipeline, and so a served model and a folder.
Name = Annotated[
    str,
    spelled(
        r"[A-Za-z][A-Za-z0-9_]*",
        "a letter, then letters, digits and _ only (A-Z, a-z, 0-9)",
    ),
]


def absolute_path(path: str, folder: str | os.PathLike[str]) -> str:
    """Returns an absolute path; a URL stays as it is."""
    if "://" in path:
        return path
    # Without "..": one spelling, so that the cache knows it again.
    return os.path.abspath(os.path.join(folder, path))


def from_context(path: str, info: ValidationInfo) -> str:
    """Makes a path absolute from the folder in the validation context, if any."""
    return path if info.context is None else absolute_path(path, info.context)


# A path relative to the folder of the configuration file, which is the context of the
# validation; without a context it stays as it is.
RelativeFolder = Annotated[str, AfterValidator(from_context)]
RelativePath = Annotated[str, Field(min_length=1), AfterValidator(from_context)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
# Strict, since `true` is no number.
PositiveInt = Annotated[int, Field(ge=1, strict=True)]
PositiveFloat = Annotated[float, Field(gt=0.0)]
NonNegativeFloat = Annotated[float, Field(ge=0.0)]
