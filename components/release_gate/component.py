"""ReleaseGate: decides whether a candidate is released, or waits for a person."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.release_gate.executor import ReleaseGateExecutor
from components.shared.artifacts import Release, ReleaseDecision
from config.release import Approval


class ReleaseGateSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "blessing": component_spec.ChannelParameter(
            type=standard_artifacts.ModelBlessing
        ),
        "infra_blessing": component_spec.ChannelParameter(
            type=standard_artifacts.InfraBlessing, optional=True
        ),
        "refusal": component_spec.ChannelParameter(type=Release, optional=True),
        "release": component_spec.ChannelParameter(type=Release, optional=True),
        "last": component_spec.ChannelParameter(type=Release, optional=True),
    }
    OUTPUTS = {"decision": component_spec.ChannelParameter(type=ReleaseDecision)}
    PARAMETERS = {
        "approval": component_spec.ExecutionParameter(type=str),
    }


class ReleaseGate(base_component.BaseComponent):
    """A candidate that passed its gates is released, or awaits approval.

    One that a person refused stays refused, whatever runs again, and one of an earlier
    day than the released model awaits approval, whatever `approval` says. A person
    overrules each by `ctr release`, which needs no run.
    """

    SPEC_CLASS = ReleaseGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(ReleaseGateExecutor)

    def __init__(
        self,
        examples: types.BaseChannel[types.Artifact],
        blessing: types.BaseChannel[types.Artifact],
        refusal: types.BaseChannel[types.Artifact],
        release: types.BaseChannel[types.Artifact],
        last: types.BaseChannel[types.Artifact],
        approval: Approval,
        infra_blessing: types.BaseChannel[types.Artifact] | None = None,
    ):
        """Builds the node.

        Args:
          examples: The examples of the candidate.
          blessing: The Evaluator's verdict on it.
          refusal: The record by which a person refused its model, if one does.
          release: The record by which its model is the last released, if it is.
          last: The last release, if there is one.
          approval: Who approves a candidate that passed its gates.
          infra_blessing: The InfraValidator's verdict, where there is one.
        """
        super().__init__(
            ReleaseGateSpec(
                examples=examples,
                blessing=blessing,
                infra_blessing=infra_blessing,
                refusal=refusal,
                release=release,
                last=last,
                approval=approval,
                decision=types.Channel(type=ReleaseDecision),
            )
        )
