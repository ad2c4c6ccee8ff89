"""Compiler of the pipeline that releases or rejects a candidate on a cluster.

`ctr release` needs ML Metadata, the files of the model and the volume of released
models. Tasks on the cluster reach all of them, a person's machine usually none.
"""

from __future__ import annotations

from pathlib import Path

from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.types.standard_artifacts import Model

from config.kubeflow import Task
from config.root import Config
from kubeflow.compile import spec_builder
from kubeflow.compile.pods import platform_spec
from kubeflow.names import pipeline_name

_CANDIDATE = "Candidate"
_DECISION = "Decision"
_MODEL = "model"

_TYPES = pipeline_spec_pb2.ParameterType
_PARAMETERS = {
    "run": _TYPES.STRING,
    "decision": _TYPES.STRING,
    "by": _TYPES.STRING,
    "note": _TYPES.STRING,
    "override": _TYPES.BOOLEAN,
    "rollback": _TYPES.BOOLEAN,
}


def compile_decision(config: Config, output: Path, image: str | None = None) -> None:
    """Writes the pipeline; see `compile_pipeline`.

    One task finds the candidate of a run in ML Metadata, so that its files can be
    imported; the other one decides.
    """
    builder = spec_builder.SpecBuilder(
        f"{pipeline_name(config.name)}-release",
        config,
        spec_builder.image_of(config, image),
    )
    settings = config.kubeflow.tasks
    candidate, _ = _add_task(builder, _CANDIDATE, "find", settings)
    decision, task = _add_task(builder, _DECISION, "decide", settings)
    task.dependent_tasks.append(_CANDIDATE)
    if config.kubeflow.artifacts is None:
        spec_builder.declare_resolved(candidate, [_MODEL])
        builder.add_import(_CANDIDATE, _MODEL, Model)
        spec_builder.read_resolved(decision, task, _MODEL, Model, _CANDIDATE, _MODEL)
        task.dependent_tasks.append(spec_builder.import_task(_CANDIDATE, _MODEL))
    _declare_parameters(builder.spec)
    tasks = {_CANDIDATE: settings, _DECISION: settings}
    builder.write(output, platform_spec(config, tasks))


def _add_task(
    builder: spec_builder.SpecBuilder, name: str, step: str, settings: Task
) -> tuple[pipeline_spec_pb2.ComponentSpec, pipeline_spec_pb2.PipelineTaskSpec]:
    component, task = builder.add_task(
        name, "kubeflow.task.decide", ["--step", step], settings
    )
    for parameter, kind in _PARAMETERS.items():
        component.input_definitions.parameters[parameter].parameter_type = kind
        task.inputs.parameters[parameter].component_input_parameter = parameter
    return component, task


def _declare_parameters(spec: pipeline_spec_pb2.PipelineSpec) -> None:
    declared = spec.root.input_definitions.parameters
    for name, kind in _PARAMETERS.items():
        declared[name].parameter_type = kind
    for name in ("override", "rollback"):
        declared[name].default_value.bool_value = False
        declared[name].is_optional = True
    # Only a rejection requires a note.
    declared["note"].default_value.string_value = ""
    declared["note"].is_optional = True
