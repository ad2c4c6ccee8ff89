"""What can be set for each run: keys of the configuration as run parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kfp.pipeline_spec import pipeline_spec_pb2

from pipeline.config import Config, parse_config

Value = str | int


class RunParameter(NamedTuple):
    """A parameter of each run; its default is what the configuration says.

    Attributes:
      name: Its name on Kubeflow.
      block: The block of the configuration that it is in.
      key: The key in that block.
    """

    name: str
    block: str
    key: str

    def default(self, config: Config) -> Value:
        """What the configuration says."""
        value: Value = getattr(getattr(config, self.block), self.key)
        return value

    def type(self, config: Config) -> int:
        """The type that Kubeflow checks values by."""
        types = pipeline_spec_pb2.ParameterType
        is_number = isinstance(self.default(config), int)
        kind: int = types.NUMBER_INTEGER if is_number else types.STRING
        return kind


RUN_PARAMETERS = (
    RunParameter("data", "examples", "root"),
    RunParameter("epochs", "training", "epochs"),
    RunParameter("approval", "release", "approval"),
)


def with_run_parameters(config: Config, values: Mapping[str, Any]) -> Config:
    """The configuration of a run.

    Args:
      config: The configuration that was compiled.
      values: By name, as Kubeflow hands them over: any number is a float.

    Raises:
      ConfigError: A value is not allowed.
    """
    tree = config.model_dump(mode="json")
    for parameter in RUN_PARAMETERS:
        value = values[parameter.name]
        is_whole = isinstance(value, float) and value.is_integer()
        tree[parameter.block][parameter.key] = int(value) if is_whole else value
    return parse_config(tree, "run parameters")
