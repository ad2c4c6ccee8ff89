"""ReleaseGate: decides whether a candidate is released, or waits for a person."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, InfraBlessing, ModelBlessing

from components.release_gate.executor import ReleaseGateExecutor
from components.shared.artifacts import Release, ReleaseDecision
from components.shared.component import Component


class ReleaseGate(Component):
    """Releases a candidate that passed its gates, or lets it await approval.

    A rejected model stays rejected, whatever runs again, and one of an earlier day
    than the released model awaits approval, whatever `approval` says. A person
    overrules each by `ctr release`, which needs no run.
    """

    INPUTS = {"examples": Examples, "blessing": ModelBlessing}
    OPTIONAL_INPUTS = {
        "infra_blessing": InfraBlessing,
        "refusal": Release,  # the record by which a person rejected the model
        "release": Release,  # the record by which the model is the last release
        "last": Release,  # the last release
    }
    OUTPUTS = {"decision": ReleaseDecision}
    PARAMETERS = {"approval": str}  # manual or automatic
    EXECUTOR_SPEC = ExecutorClassSpec(ReleaseGateExecutor)
