"""Pusher: releases a blessed model to TensorFlow Serving."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.artifacts import Release
from components.pusher.executor import PusherExecutor


class PusherSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    INPUTS = {
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "blessing": component_spec.ChannelParameter(
            type=standard_artifacts.ModelBlessing
        ),
        "transform_graph": component_spec.ChannelParameter(
            type=standard_artifacts.TransformGraph
        ),
    }
    OUTPUTS = {"release": component_spec.ChannelParameter(type=Release)}
    PARAMETERS = {
        "model_dir": component_spec.ExecutionParameter(type=str),
        "trainer": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
    }


class Pusher(base_component.BaseComponent):
    """Calls `serving.release.release_model`, the one way to release.

    TFX's own Pusher copies in place, where a server can see half a model, and names
    versions by the second, so that two releases in one second collide.
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(PusherExecutor)

    def __init__(
        self,
        model: types.BaseChannel[types.Artifact],
        blessing: types.BaseChannel[types.Artifact],
        transform_graph: types.BaseChannel[types.Artifact],
        model_dir: str,
        trainer: str,
        code: str,
    ):
        """Builds the node.

        Args:
          model: The candidate.
          blessing: The Evaluator's verdict on it.
          transform_graph: What the candidate was trained from.
          model_dir: The directory of the servable's versions.
          trainer: Fingerprint of the Trainer's configuration and code.
          code: Fingerprint of the code that releases.
        """
        super().__init__(
            PusherSpec(
                model=model,
                blessing=blessing,
                transform_graph=transform_graph,
                model_dir=model_dir,
                trainer=trainer,
                code=code,
                release=types.Channel(type=Release),
            )
        )
