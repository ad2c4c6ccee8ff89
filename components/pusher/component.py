"""Pusher: releases a model to TensorFlow Serving, as the ReleaseGate decided."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.pusher.executor import PusherExecutor
from components.shared.artifacts import HtmlReport, Release, ReleaseDecision


class PusherSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    INPUTS = {
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "decision": component_spec.ChannelParameter(type=ReleaseDecision),
        "transform_graph": component_spec.ChannelParameter(
            type=standard_artifacts.TransformGraph
        ),
        "report": component_spec.ChannelParameter(type=HtmlReport),
        "infra_blessing": component_spec.ChannelParameter(
            type=standard_artifacts.InfraBlessing, optional=True
        ),
    }
    OUTPUTS = {"release": component_spec.ChannelParameter(type=Release)}
    PARAMETERS = {
        "model_dir": component_spec.ExecutionParameter(type=str),
        "keep": component_spec.ExecutionParameter(type=int),
        "trainer": component_spec.ExecutionParameter(type=str),
    }


class Pusher(base_component.BaseComponent):
    """Calls `release_model`, as `ctr release approve` does.

    TFX's own Pusher copies in place, where a server can see half a model, and names
    versions by the second, so that two releases in one second collide.
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(PusherExecutor)

    def __init__(
        self,
        model: types.BaseChannel[types.Artifact],
        decision: types.BaseChannel[types.Artifact],
        transform_graph: types.BaseChannel[types.Artifact],
        report: types.BaseChannel[types.Artifact],
        model_dir: str,
        keep: int,
        trainer: str,
        infra_blessing: types.BaseChannel[types.Artifact] | None = None,
    ):
        """Builds the node.

        Args:
          model: The candidate.
          decision: The decision on it.
          transform_graph: The TransformGraph that it was trained from.
          report: The report on it, which the record identifies.
          model_dir: The directory of the servable's versions.
          keep: Number of older versions to keep there.
          trainer: Fingerprint of the Trainer's configuration and code.
          infra_blessing: Has the warm-up requests.
        """
        super().__init__(
            PusherSpec(
                model=model,
                decision=decision,
                transform_graph=transform_graph,
                report=report,
                infra_blessing=infra_blessing,
                model_dir=model_dir,
                keep=keep,
                trainer=trainer,
                release=types.Channel(type=Release),
            )
        )
