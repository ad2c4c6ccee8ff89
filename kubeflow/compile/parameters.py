"""What can be set for each run: keys of the configuration as run parameters."""

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
    """A parameter of each run; its default is what the configuration says.

    Attributes:
      name: Its name on Kubeflow.
      blocks: The blocks of the configuration that it is in.
      key: The key in the last of them.
    """

    name: str
    blocks: tuple[str, ...]
    key: str

    def default(self, config: Config) -> Value:
        """What the configuration says."""
        block: Any = reduce(getattr, self.blocks, config)
        value: Value = getattr(block, self.key)
        return value

    def type(self, config: Config) -> int:
        """The type that Kubeflow checks values by."""
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
    """The parameters of runs: the newest span only where examples are in spans."""
    has_spans = config.examples.spans is not None
    return (*_PARAMETERS, _SPAN) if has_spans else _PARAMETERS


def check_values(config: Config, values: Mapping[str, Any]) -> None:
    """Checks what a run is to be given; else its first task would, a schedule's later.

    Args:
      config: The configuration that is compiled.
      values: By name; what is not among them has its default.

    Raises:
      ConfigError: A value is not allowed.
    """
    defaults = {each.name: each.default(config) for each in run_parameters(config)}
    given = {**defaults, **values}
    if SPAN in given:
        given[SPAN] = resolve_span(given[SPAN], datetime.now(timezone.utc))
    with_run_parameters(config, given)


def with_run_parameters(config: Config, values: Mapping[str, Any]) -> Config:
    """The configuration of a run.

    Args:
      config: The configuration that was compiled.
      values: By name, as Kubeflow hands them over: any number is a float.

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
