"""Compiler of the pipeline that releases or rejects a candidate on a cluster.

`ctr release` needs ML Metadata, the files of the model and the volume of released
models. Tasks on the cluster reach all of them, a person's machine usually none.
"""

from __future__ import annotations

from pathlib import Path

from tfx.types.standard_artifacts import Model

from config.root import Config
from kubeflow.compile import spec_builder
from kubeflow.compile.pods import platform_spec
from kubeflow.names import pipeline_name

_CANDIDATE = "Candidate"
_DECISION = "Decision"
_MODEL = "model"

_FLAG = {"parameterType": "BOOLEAN", "defaultValue": False, "isOptional": True}
_PARAMETERS = {
    "run": {"parameterType": "STRING"},
    "decision": {"parameterType": "STRING"},
    "by": {"parameterType": "STRING"},
    # Only a rejection requires it.
    "note": {"parameterType": "STRING", "defaultValue": "", "isOptional": True},
    "override": _FLAG,
    "rollback": _FLAG,
}


def compile_decision(config: Config, output: Path, image: str | None = None) -> None:
    """Writes the pipeline; see `compile_pipeline`.

    One task finds the candidate of a run in ML Metadata, so that its files can be
    imported; the other one decides.
    """
    name = f"{pipeline_name(config.name)}-release"
    builder = spec_builder.SpecBuilder(name, config, image, _PARAMETERS)
    settings = config.kubeflow.tasks
    (candidate, _), (decision, task) = (
        builder.add_task(name, "kubeflow.task.decide", ["--step", step], settings)
        for name, step in ((_CANDIDATE, "find"), (_DECISION, "decide"))
    )
    task.dependent_tasks.append(_CANDIDATE)
    if config.kubeflow.artifacts is None:
        spec_builder.declare_resolved(candidate, [_MODEL])
        builder.add_import(_CANDIDATE, _MODEL, Model)
        spec_builder.read_resolved(decision, task, _MODEL, Model, _CANDIDATE, _MODEL)
        task.dependent_tasks.append(spec_builder.import_task(_CANDIDATE, _MODEL))
    tasks = {_CANDIDATE: settings, _DECISION: settings}
    builder.write(output, platform_spec(config, tasks))
