"""Values of run parameters, as a person types them."""

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
    """Reads `NAME=VALUE`, held against what the pipeline takes.

    The server would refuse a wrong name or type too, but a schedule only when it
    fires, and not in words about what was typed.

    Args:
      settings: What was typed.
      declared: The pipeline's parameters, by name.

    Returns:
      The values by name, of the types that the pipeline takes.

    Raises:
      ConfigError: A name is unknown, a value is of another type, or one is missing.
    """
    values = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--param {setting}: expected NAME=VALUE")
        if name not in declared:
            allowed = ", ".join(sorted(declared)) or "none"
            raise ConfigError(f"--param {name}: unknown; this pipeline has: {allowed}")
        values[name] = _value(name, text, declared[name].type)
    missing = [n for n, p in declared.items() if p.required and n not in values]
    if missing:
        raise ConfigError(
            f"give a value: --param {missing[0]}=VALUE; it has no default"
        )
    return values


def _value(name: str, text: str, kind: str) -> Any:
    what, read = _READERS[kind]
    try:
        return read(text)
    except ValueError as error:
        raise ConfigError(f"--param {name}: got {text!r}; expected {what}") from error


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


def _list(text: str) -> list[Any]:
    value = json.loads(text)
    if not isinstance(value, list):
        raise ValueError(text)
    return value


def _struct(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(text)
    return value


_READERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "STRING": ("a text", str),
    "NUMBER_INTEGER": ("a whole number", int),
    "NUMBER_DOUBLE": ("a number", _finite),
    "BOOLEAN": ("true or false", _boolean),
    "LIST": ("a list as JSON, such as [1, 2]", _list),
    "STRUCT": ('an object as JSON, such as {"a": 1}', _struct),
}
