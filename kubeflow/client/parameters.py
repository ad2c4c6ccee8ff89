"""Run parameters given on the command line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from config.errors import ConfigError
from kubeflow.client.package import Parameter


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
    expected, parse = _PARSERS[kind]
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(
            f"--param {name}: got {text!r}; expected {expected}"
        ) from error


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        # JSON has no such numbers.
        raise ValueError(text)
    return number


def _json(text: str, kind: type[Any]) -> Any:
    value = json.loads(text)
    if not isinstance(value, kind):
        raise ValueError(text)
    return value


_PARSERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "STRING": ("a text", str),
    "NUMBER_INTEGER": ("an integer", int),
    "NUMBER_DOUBLE": ("a number", _finite),
    "BOOLEAN": ("true or false", _boolean),
    "LIST": ("a list as JSON, such as [1, 2]", lambda text: _json(text, list)),
    "STRUCT": (
        'an object as JSON, such as {"a": 1}',
        lambda text: _json(text, dict),
    ),
}
