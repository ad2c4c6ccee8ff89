"""What a spec needs so that Kubeflow Pipelines 2.x runs TFX's nodes.

TFX's own compiler for Kubeflow writes for Vertex AI: it refuses resolvers other than
two of TFX's and artifact types with properties, and what it writes fails on open-source
backends in the ways that the functions here say. Containers find what they read through
ML Metadata, as they do on one machine; Kubeflow's own inputs and outputs are there for
the order of tasks, for the files, and to be looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeAlias

from kfp.pipeline_spec import pipeline_spec_pb2
from tfx import types
from tfx.types import standard_artifacts
from tfx.version import __version__ as tfx_version

from components.shared.artifacts import HtmlReport, Release
from config.errors import ConfigError
from config.root import Config
from kubeflow.compile.parameters import run_parameters

# The names that entrypoint.py knows inputs and outputs by.
RUN_ID = "run_id"
SCHEDULE_TIME = "schedule_time"
NOTHING = "nothing"
PAGE_SUFFIX = "_page"

# Linux takes 131,071 bytes as one argument; the rest of a container is short.
_LONGEST_BUNDLE = 120_000

_IMPORTED = "artifact"
_URI = "uri"

_Type: TypeAlias = type[types.Artifact]
_Component: TypeAlias = pipeline_spec_pb2.ComponentSpec
_Task: TypeAlias = pipeline_spec_pb2.PipelineTaskSpec
_Spec: TypeAlias = pipeline_spec_pb2.PipelineSpec
_Deployment: TypeAlias = pipeline_spec_pb2.PipelineDeploymentConfig
_Container: TypeAlias = pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec


def new_spec(name: str, config: Config) -> _Spec:
    """A spec without tasks.

    Backends ignore its pipeline root, so clients give one with each run, too.
    """
    spec = _Spec(
        # TFX writes 2.0.0: "KFP only supports schema version 2.1.0".
        schema_version="2.1.0",
        sdk_version=f"tfx-{tfx_version}",
        default_pipeline_root=config.kubeflow.pipeline_root or "",
    )
    spec.pipeline_info.name = name
    return spec


def say_command(container: _Container, image: str, module: str, bundle: str) -> None:
    """Says what a container runs, and what of the configuration it needs.

    Raises:
      ConfigError: It is too long: a driver is handed the whole container as one
        argument, and pods fail with no more than "argument list too long".
    """
    # As JSON, in which each quote of the bundle is two characters.
    length = len(json.dumps(bundle))
    if length > _LONGEST_BUNDLE:
        raise ConfigError(
            f"the configuration and the file of validation.schema_file are {length:,} "
            f"bytes long; a task takes at most {_LONGEST_BUNDLE:,}: shorten the "
            "schema, or leave features out"
        )
    container.image = image
    container.command.extend(["python", "-m", module])
    # The launcher puts all inputs and outputs of the task there, as JSON.
    container.args.extend(["--executor_input", "{{$}}", "--bundle", bundle])


def component_name(task: str) -> str:
    """What a task refers to for its inputs and outputs."""
    return f"comp-{task}"


def executor_label(task: str) -> str:
    """What a task's container and its Kubernetes settings are found by."""
    return f"exec-{task}"


def artifact_type(kind: _Type) -> pipeline_spec_pb2.ArtifactTypeSchema:
    """A type of Kubeflow's own, which its dashboard and every backend know.

    A container is handed inputs with an empty type (tfx#7768), so the type of each is
    read from ML Metadata instead, and ours, with their properties, need no schema here.
    """
    titles: dict[_Type, str] = {
        standard_artifacts.Model: "system.Model",
        standard_artifacts.Examples: "system.Dataset",
    }
    return _system_type(titles.get(kind, "system.Artifact"))


def _system_type(title: str) -> pipeline_spec_pb2.ArtifactTypeSchema:
    return pipeline_spec_pb2.ArtifactTypeSchema(
        schema_title=title, schema_version="0.0.1"
    )


def declare_run_parameters(spec: _Spec, config: Config) -> None:
    """Declares the parameters of a run, with defaults.

    TFX's compiler drops the default of a RuntimeParameter in spec 2.1, and knows only
    those that are a parameter of a component by themselves: epochs are inside one.
    """
    for each in run_parameters(config):
        parameter = spec.root.input_definitions.parameters[each.name]
        parameter.parameter_type = each.type(config)
        parameter.is_optional = True
        default = each.default(config)
        if isinstance(default, str):
            parameter.default_value.string_value = default
        else:
            parameter.default_value.number_value = default


def pass_run_parameters(component: _Component, task: _Task, config: Config) -> None:
    """Passes all of them to a task: one key may reach several components."""
    for each in run_parameters(config):
        parameter = component.input_definitions.parameters[each.name]
        parameter.parameter_type = each.type(config)
        task.inputs.parameters[each.name].component_input_parameter = each.name


def pass_run_id(component: _Component, task: _Task) -> None:
    """Passes the id of the run, which an executor's context lacks on Kubeflow.

    As a parameter it is part of the key of Kubeflow's cache, too, so that cache never
    has an answer, whatever a user or an installation switches on: it would not see that
    files changed, and schedules would train on stale data (TFX's driver, which looks,
    would have run in the hook `preCacheCheck`, which open-source backends ignore).
    """
    _pass_placeholder(component, task, RUN_ID, "{{$.pipeline_job_uuid}}")


def pass_schedule_time(component: _Component, task: _Task) -> None:
    """Passes the time at which a run is due: see `kubeflow.task.scheduled_date`."""
    placeholder = "{{$.pipeline_job_schedule_time_utc}}"
    _pass_placeholder(component, task, SCHEDULE_TIME, placeholder)


def _pass_placeholder(
    component: _Component, task: _Task, name: str, placeholder: str
) -> None:
    """Passes a value of the run; the driver replaces it from 2.5 on.

    Only where the placeholder is the whole value of a parameter.
    """
    parameter = component.input_definitions.parameters[name]
    parameter.parameter_type = pipeline_spec_pb2.ParameterType.STRING
    value = task.inputs.parameters[name].runtime_value
    value.constant.string_value = placeholder


def switch_caching_off(task: _Task) -> None:
    """Says that results may not be served from Kubeflow's cache: see `pass_run_id`."""
    task.caching_options.enable_cache = False


def declare_output(component: _Component, key: str, kind: _Type) -> None:
    """Declares an output, and for a report its page by itself.

    The dashboard shows artifacts of the type system.HTML, but only where the artifact
    is one file; a report is a folder.
    """
    outputs = component.output_definitions.artifacts
    outputs[key].artifact_type.CopyFrom(artifact_type(kind))
    if kind is HtmlReport:
        page = outputs[key + PAGE_SUFFIX].artifact_type
        page.CopyFrom(_system_type("system.HTML"))


def declare_found(component: _Component, keys: Iterable[str]) -> None:
    """Declares what a resolver finds, as URIs.

    Backends have no resolvers ("non-container and non-importer executor not
    implemented"), so one is a task that asks ML Metadata. It cannot have what it finds
    as an output artifact: the launcher refuses URIs outside the folder of the run. So
    it has URIs as output parameters, and importers make artifacts of them. An output
    cannot be missing, nor a URI be empty: where nothing is found, the URI is that of an
    artifact of the task's own.
    """
    outputs = component.output_definitions
    outputs.artifacts[NOTHING].artifact_type.CopyFrom(_system_type("system.Artifact"))
    for key in keys:
        parameter = outputs.parameters[key]
        parameter.parameter_type = pipeline_spec_pb2.ParameterType.STRING


def has_files(kind: _Type) -> bool:
    """Whether components read files of an artifact; all of a release is metadata."""
    return kind is not Release


def import_task(resolver: str, key: str) -> str:
    """The name of the task that imports what a resolver found."""
    return f"{resolver}-{key}".replace("_", "-")


def add_import(
    spec: _Spec,
    executors: _Deployment,
    resolver: str,
    key: str,
    kind: _Type,
) -> None:
    """Adds the task that imports what a resolver found.

    An importer takes no output of another task, only a parameter of the DAG that it is
    in. So it is in a DAG of its own, which takes the output of the resolver.
    """
    name = import_task(resolver, key)
    importer = f"{name}-importer"
    task = spec.root.dag.tasks[name]
    refer(task, name)
    task.dependent_tasks.append(resolver)
    found = task.inputs.parameters[_URI].task_output_parameter
    found.producer_task, found.output_parameter_key = resolver, key
    switch_caching_off(task)

    folder = spec.components[component_name(name)]
    _declare_import(folder, kind)
    inner = folder.dag.tasks[importer]
    refer(inner, importer)
    inner.inputs.parameters[_URI].component_input_parameter = _URI
    switch_caching_off(inner)
    selector = folder.dag.outputs.artifacts[_IMPORTED].artifact_selectors.add()
    selector.producer_subtask, selector.output_artifact_key = importer, _IMPORTED

    component = spec.components[component_name(importer)]
    _declare_import(component, kind)
    component.executor_label = executor_label(importer)
    executor = executors.executors[executor_label(importer)].importer
    executor.artifact_uri.runtime_parameter = _URI
    executor.type_schema.CopyFrom(artifact_type(kind))
    executor.reimport = True


def refer(task: _Task, name: str) -> None:
    """Names a task, and what it refers to."""
    task.task_info.name = name
    task.component_ref.name = component_name(name)


def _declare_import(component: _Component, kind: _Type) -> None:
    parameter = component.input_definitions.parameters[_URI]
    parameter.parameter_type = pipeline_spec_pb2.ParameterType.STRING
    output = component.output_definitions.artifacts[_IMPORTED]
    output.artifact_type.CopyFrom(artifact_type(kind))


def read_output(task: _Task, key: str, producer: str, output: str) -> None:
    """Hands an output of another task to a task, with its files."""
    artifact = task.inputs.artifacts[key].task_output_artifact
    artifact.producer_task, artifact.output_artifact_key = producer, output


def read_found(task: _Task, key: str, resolver: str, output: str) -> None:
    """Hands what a resolver found to a task, with its files."""
    read_output(task, key, import_task(resolver, output), _IMPORTED)
