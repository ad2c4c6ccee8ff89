"""Run parameters given on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import FiniteFloat, Json, StrictBool, TypeAdapter, ValidationError

from config.errors import ConfigError
from kubeflow.client.package import Parameter

# What is expected, and the type that reads it from a text.
_TYPES: Mapping[str, tuple[str, Any]] = {
    "STRING": ("a text", str),
    "NUMBER_INTEGER": ("an integer", int),
    # JSON, which the server reads, has no other numbers.
    "NUMBER_DOUBLE": ("a number", FiniteFloat),
    "BOOLEAN": ("true or false", Json[StrictBool]),
    "LIST": ("a list as JSON, such as [1, 2]", Json[list[Any]]),
    "STRUCT": ('an object as JSON, such as {"a": 1}', Json[dict[str, Any]]),
}


def read_parameters(
    settings: Sequence[str], declared: Mapping[str, Parameter]
) -> dict[str, Any]:
    """Parses `NAME=VALUE` settings to values of the declared types.

    The server checks names and types too, but those of a schedule only when it fires.

    Args:
      declared: The pipeline's parameters by name.

    Raises:
      ConfigError: A name is unknown, a value has the wrong type, or a required
        parameter is missing.
    """
    values = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--param {setting}: expected NAME=VALUE")
        if name not in declared:
            allowed = ", ".join(sorted(declared)) or "none"
            raise ConfigError(f"--param {name}: unknown parameter; allowed: {allowed}")
        values[name] = _value(name, text, declared[name].type)
    missing = [n for n, p in declared.items() if p.required and n not in values]
    if missing:
        raise ConfigError(f"missing a value without default: --param {missing[0]}=...")
    return values


def _value(name: str, text: str, kind: str) -> Any:
    expected, parsed = _TYPES[kind]
    try:
        return TypeAdapter(parsed).validate_python(text)
    except ValidationError as error:
        raise ConfigError(
            f"--param {name}: got {text!r}; expected {expected}"
        ) from error
