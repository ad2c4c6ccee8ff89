"""Pusher: releases a model to TensorFlow Serving, as the ReleaseGate decided."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import InfraBlessing, Model, TransformGraph

from components.pusher.executor import PusherExecutor
from components.shared.artifacts import HtmlReport, Release, ReleaseDecision
from components.shared.component import Component


class Pusher(Component):
    """Calls `release_model`, as `ctr release approve` does.

    TFX's own Pusher copies in place, where a server can see half a model, and names
    versions by the second, so that two releases in one second collide.
    """

    INPUTS = {
        "model": Model,  # the candidate
        "decision": ReleaseDecision,
        "transform_graph": TransformGraph,
        "report": HtmlReport,  # the record has its digest
    }
    OPTIONAL_INPUTS = {"infra_blessing": InfraBlessing}  # has the warm-up requests
    OUTPUTS = {"release": Release}
    PARAMETERS = {
        "model_dir": str,  # the directory of the servable's versions
        "keep": int,  # number of older versions to keep there
        "trainer": str,  # fingerprint of the Trainer's configuration and code
    }
    EXECUTOR_SPEC = ExecutorClassSpec(PusherExecutor)
