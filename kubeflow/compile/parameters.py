"""Run parameters: keys of the configuration that can be set for each run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple

from kfp.pipeline_spec import pipeline_spec_pb2

from config.load import parse_config
from config.root import Config
from kubeflow.task.scheduled_date import SPAN, resolve_span

Value = str | int


class RunParameter(NamedTuple):
    """A run parameter.

    Attributes:
      name: Name on Kubeflow.
      blocks: Nested blocks of the configuration that the key is in.
    """

    name: str
    blocks: tuple[str, ...]
    key: str

    def default(self, config: Config) -> Value:
        """Returns the configured value."""
        block: Any = reduce(getattr, self.blocks, config)
        value: Value = getattr(block, self.key)
        return value

    def type(self, config: Config) -> int:
        """Returns the type by which Kubeflow checks values."""
        types = pipeline_spec_pb2.ParameterType
        is_number = isinstance(self.default(config), int)
        kind: int = types.NUMBER_INTEGER if is_number else types.STRING
        return kind


_PARAMETERS = (
    RunParameter("data", ("examples",), "root"),
    RunParameter("epochs", ("training",), "epochs"),
    RunParameter("approval", ("release",), "approval"),
)
_SPAN = RunParameter(SPAN, ("examples", "spans"), "newest")


def run_parameters(config: Config) -> tuple[RunParameter, ...]:
    """Returns the run parameters; the newest span only if examples are in spans."""
    has_spans = config.examples.spans is not None
    return (*_PARAMETERS, _SPAN) if has_spans else _PARAMETERS


def check_values(config: Config, values: Mapping[str, Any]) -> None:
    """Checks values by name before a run or a schedule starts.

    Raises:
      ConfigError: A value is not allowed.
    """
    defaults = {each.name: each.default(config) for each in run_parameters(config)}
    given = {**defaults, **values}
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
    for parameter in run_parameters(config):
        value = values[parameter.name]
        is_whole = isinstance(value, float) and value.is_integer()
        block = reduce(getitem, parameter.blocks, tree)
        block[parameter.key] = int(value) if is_whole else value
    return parse_config(tree, "run parameters")
