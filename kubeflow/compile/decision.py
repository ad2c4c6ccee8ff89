"""A pipeline by which a person releases or rejects a candidate on a cluster.

What `ctr release` does needs ML Metadata, the files of the model and the volume that
released models are on; a person's machine mostly reaches none of them, and tasks all.
"""

from __future__ import annotations

from pathlib import Path

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.types import standard_artifacts

from config.root import Config
from kubeflow.bundle import Bundle
from kubeflow.compile import adapt
from kubeflow.compile.pipeline import image_of, write_package
from kubeflow.compile.pods import platform_spec, set_resources
from kubeflow.names import pipeline_name

_CANDIDATE = "Candidate"
_DECISION = "Decision"
_MODEL = "model"

# The tasks, with what each is told to do.
_STEPS = {_CANDIDATE: "find", _DECISION: "decide"}

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
    """Writes the pipeline: see `compile_pipeline`.

    One task asks ML Metadata for the candidate of a run, so that its files can be
    imported; the other decides.
    """
    tasks = dict.fromkeys(_STEPS, config.kubeflow.tasks)
    spec = adapt.new_spec(f"{pipeline_name(config.name)}-release", config)
    executors = pipeline_spec_pb2.PipelineDeploymentConfig()
    bundle = Bundle.of(config).model_dump_json()
    for name, step in _STEPS.items():
        component = spec.components[adapt.component_name(name)]
        component.executor_label = adapt.executor_label(name)
        task = spec.root.dag.tasks[name]
        adapt.refer(task, name)
        adapt.switch_caching_off(task)
        adapt.pass_run_id(component, task)
        _pass_parameters(component, task)
        container = executors.executors[component.executor_label].container
        adapt.say_command(
            container, image_of(config, image), "kubeflow.task.decide", bundle
        )
        container.args.extend(["--step", step])
        set_resources(container, tasks[name])
    _declare_parameters(spec)
    spec.root.dag.tasks[_DECISION].dependent_tasks.append(_CANDIDATE)
    if config.kubeflow.artifacts is None:
        _import_model(spec, executors)
    spec.deployment_spec.update(json_format.MessageToDict(executors))
    write_package(output, spec, platform_spec(config, tasks))


def _declare_parameters(spec: pipeline_spec_pb2.PipelineSpec) -> None:
    declared = spec.root.input_definitions.parameters
    for name, kind in _PARAMETERS.items():
        declared[name].parameter_type = kind
    for name in ("override", "rollback"):
        declared[name].default_value.bool_value = False
        declared[name].is_optional = True
    # To reject takes a note, as `ctr release` has it.
    declared["note"].default_value.string_value = ""
    declared["note"].is_optional = True


def _pass_parameters(
    component: pipeline_spec_pb2.ComponentSpec,
    task: pipeline_spec_pb2.PipelineTaskSpec,
) -> None:
    for name, kind in _PARAMETERS.items():
        component.input_definitions.parameters[name].parameter_type = kind
        task.inputs.parameters[name].component_input_parameter = name


def _import_model(
    spec: pipeline_spec_pb2.PipelineSpec,
    executors: pipeline_spec_pb2.PipelineDeploymentConfig,
) -> None:
    model = standard_artifacts.Model
    adapt.declare_found(spec.components[adapt.component_name(_CANDIDATE)], [_MODEL])
    adapt.add_import(spec, executors, _CANDIDATE, _MODEL, model)
    component = spec.components[adapt.component_name(_DECISION)]
    declared = component.input_definitions.artifacts[_MODEL]
    declared.artifact_type.CopyFrom(adapt.artifact_type(model))
    task = spec.root.dag.tasks[_DECISION]
    adapt.read_found(task, _MODEL, _CANDIDATE, _MODEL)
    task.dependent_tasks.append(adapt.import_task(_CANDIDATE, _MODEL))
