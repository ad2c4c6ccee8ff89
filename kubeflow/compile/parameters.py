"""Run parameters: keys of the configuration that can be set for each run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from functools import reduce
from operator import getitem
from typing import Any

from config.load import parse_config
from config.root import Config
from kubeflow.task.scheduled_date import SPAN, resolve_span

# Keys of the configuration by the name of the parameter on Kubeflow.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "data": ("examples", "root"),
    "epochs": ("training", "epochs"),
    "approval": ("release", "approval"),
}
_SPAN_KEY = ("examples", "spans", "newest")


def declared_parameters(config: Config) -> dict[str, Any]:
    """Returns the run parameters as in the JSON of a PipelineSpec, with defaults."""
    return {
        name: {
            "parameterType": "STRING" if isinstance(value, str) else "NUMBER_INTEGER",
            "defaultValue": value,
            "isOptional": True,
        }
        for name, value in _defaults(config).items()
    }


def check_values(config: Config, values: Mapping[str, Any]) -> None:
    """Checks values by name before a run or a schedule starts.

    Raises:
      ConfigError: A value is not allowed.
    """
    given = {**_defaults(config), **values}
    if SPAN in given:
        given[SPAN] = resolve_span(given[SPAN], datetime.now(timezone.utc))
    with_run_parameters(config, given)


def with_run_parameters(config: Config, values: Mapping[str, Any]) -> Config:
    """Returns the configuration of a run.

    Args:
      values: All run parameters by name; Kubeflow passes integers as floats.

    Raises:
      ConfigError: A value is not allowed.
    """
    tree = config.model_dump(mode="json")
    for name, (*blocks, key) in _keys(config).items():
        value = values[name]
        is_whole = isinstance(value, float) and value.is_integer()
        reduce(getitem, blocks, tree)[key] = int(value) if is_whole else value
    return parse_config(tree, "run parameters")


def _keys(config: Config) -> Mapping[str, tuple[str, ...]]:
    """Returns the keys; that of the newest span only if examples are in spans."""
    return _KEYS if config.examples.spans is None else {**_KEYS, SPAN: _SPAN_KEY}


def _defaults(config: Config) -> dict[str, str | int]:
    """Returns the configured values by the name of the parameter."""
    root: Any = config
    return {name: reduce(getattr, key, root) for name, key in _keys(config).items()}
