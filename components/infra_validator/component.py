"""InfraValidator: tries a candidate on the server that will serve."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model

from components.infra_validator.executor import InfraValidatorExecutor
from components.shared.component import Component


class InfraValidator(Component):
    """Checks that a served candidate predicts as the model itself, and fast enough.

    TFX's own InfraValidator needs Docker or Kubernetes, and compares no predictions.
    """

    INPUTS = {
        "model": Model,  # the candidate
        "examples": Examples,  # raw; rows of the eval split are sent
    }
    OUTPUTS = {"infra_blessing": InfraBlessing}
    # InfraValidatorPart; the code includes the embedded server's.
    PARAMETERS = {"part": str, "code": str}
    EXECUTOR_SPEC = ExecutorClassSpec(InfraValidatorExecutor)
