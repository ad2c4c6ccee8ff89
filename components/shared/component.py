"""Base class of the components."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel
from tfx import types
from tfx.dsl.components.base import base_component
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

ArtifactTypes = Mapping[str, type[types.Artifact]]


class Component(base_component.BaseComponent):
    """A node of the DAG whose spec is stated by class attributes.

    A subclass also has TFX's `EXECUTOR_SPEC`.

    Attributes:
      INPUTS: Artifact types of the inputs.
      OPTIONAL_INPUTS: Artifact types of inputs that may be None.
      OUTPUTS: Artifact types of the outputs.
      PARAMETERS: Types of the execution parameters; all are in TFX's cache key.
      OPTIONAL_PARAMETERS: Types of parameters that may be None.
    """

    INPUTS: ClassVar[ArtifactTypes] = {}
    OPTIONAL_INPUTS: ClassVar[ArtifactTypes] = {}
    OUTPUTS: ClassVar[ArtifactTypes] = {}
    PARAMETERS: ClassVar[Mapping[str, type]] = {}
    OPTIONAL_PARAMETERS: ClassVar[Mapping[str, type]] = {}

    def __init_subclass__(cls) -> None:
        """Builds the spec, which TFX checks the arguments of a node against."""

        class Spec(types.ComponentSpec):
            INPUTS = {
                **{k: ChannelParameter(type=v) for k, v in cls.INPUTS.items()},
                **{
                    k: ChannelParameter(type=v, optional=True)
                    for k, v in cls.OPTIONAL_INPUTS.items()
                },
            }
            OUTPUTS = {k: ChannelParameter(type=v) for k, v in cls.OUTPUTS.items()}
            PARAMETERS = {
                **{k: ExecutionParameter(type=v) for k, v in cls.PARAMETERS.items()},
                **{
                    k: ExecutionParameter(type=v, optional=True)
                    for k, v in cls.OPTIONAL_PARAMETERS.items()
                },
            }

        cls.SPEC_CLASS = Spec
        super().__init_subclass__()

    def __init__(self, **values: Any):
        """Builds the node.

        Args:
          **values: A channel for each input and a value for each parameter. Pydantic
            models and mappings are passed as JSON.

        Raises:
          ValueError: An argument is missing or unknown.
          TypeError: An argument has another type.
        """
        outputs = {
            name: types.Channel(type=kind) for name, kind in self.OUTPUTS.items()
        }
        arguments = {name: _plain(value) for name, value in values.items()}
        super().__init__(self.SPEC_CLASS(**arguments, **outputs))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True)
    return value
