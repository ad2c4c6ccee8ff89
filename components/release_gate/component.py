"""ReleaseGate: decides whether a candidate is released, or waits for a person."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.artifacts import HtmlReport, Release, ReleaseDecision
from components.release_gate.executor import ReleaseGateExecutor
from pipeline.config.release import Approval


class ReleaseGateSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    INPUTS = {
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "blessing": component_spec.ChannelParameter(
            type=standard_artifacts.ModelBlessing
        ),
        "report": component_spec.ChannelParameter(type=HtmlReport),
        "infra_blessing": component_spec.ChannelParameter(
            type=standard_artifacts.InfraBlessing, optional=True
        ),
        "standing": component_spec.ChannelParameter(type=Release, optional=True),
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
        model: types.BaseChannel[types.Artifact],
        blessing: types.BaseChannel[types.Artifact],
        report: types.BaseChannel[types.Artifact],
        standing: types.BaseChannel[types.Artifact],
        last: types.BaseChannel[types.Artifact],
        approval: Approval,
        infra_blessing: types.BaseChannel[types.Artifact] | None = None,
    ):
        """Builds the node.

        Args:
          model: The candidate.
          blessing: The Evaluator's verdict on it.
          report: What a person decides on.
          standing: What was decided on the candidate before, if anything.
          last: The release in force, if there is one.
          approval: Who approves what passed its gates.
          infra_blessing: The InfraValidator's verdict, where there is one.
        """
        super().__init__(
            ReleaseGateSpec(
                model=model,
                blessing=blessing,
                report=report,
                infra_blessing=infra_blessing,
                standing=standing,
                last=last,
                approval=approval,
                decision=types.Channel(type=ReleaseDecision),
            )
        )
