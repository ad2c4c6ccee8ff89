"""Parts of a PipelineSpec that make Kubeflow Pipelines 2.x run TFX nodes.

TFX's own compiler targets Vertex AI: it rejects artifact types with properties and all
resolvers but two, and its output fails on open-source backends for the reasons given
below. Containers find their inputs through ML Metadata, as on one machine; Kubeflow's
own inputs and outputs define the order of tasks, copy files and show artifacts in the
dashboard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx import types
from tfx.types import standard_artifacts
from tfx.version import __version__ as tfx_version

from components.shared.artifacts import HtmlReport, Release
from config.errors import ConfigError
from config.kubeflow import Task
from config.root import Config
from config.yaml_text import all_to_yaml
from kubeflow.bundle import Bundle
from kubeflow.compile.pods import executor_label, set_resources

# Names of inputs and outputs that tasks read.
RUN_ID = "run_id"
SCHEDULE_TIME = "schedule_time"
NOTHING = "nothing"
# Of what the dashboard shows of a report, which is a folder: its page, and figures.
PAGE, METRICS, CURVES = "_page", "_metrics", "_curves"
SHOWN_OF_REPORT = {
    PAGE: "system.HTML",
    METRICS: "system.Metrics",
    CURVES: "system.ClassificationMetrics",
}

# Argo limits a workflow to 1 MiB: each container once, and in the states of its task at
# least five times, which are compressed with a window of 32 KiB. With 14 tasks that are
# each tried three times, containers of this length make 660,000 bytes, and those of
# 30,000 too many (workflow/packer of github.com/argoproj/argo-workflows 4.0.5).
_MAX_CONTAINER = 20_000
# How long after its first start a task is tried again. It is no limit of a single wait:
# Argo starts no attempt after that time, and ends one that is still running; if it is
# missing, Kubeflow's compiler sets 0, which is no retry at all (`processNodeRetries` in
# workflow/controller/operator.go of github.com/argoproj/argo-workflows).
_RETRYING = timedelta(days=30)

_IMPORTED = "artifact"
_URI = "uri"
_STRING = pipeline_spec_pb2.ParameterType.STRING

_Type: TypeAlias = type[types.Artifact]
_Component: TypeAlias = pipeline_spec_pb2.ComponentSpec
_Task: TypeAlias = pipeline_spec_pb2.PipelineTaskSpec
_Retries: TypeAlias = pipeline_spec_pb2.PipelineTaskSpec.RetryPolicy


class SpecBuilder:
    """A PipelineSpec under construction.

    Backends ignore its pipeline root, so clients give one with each run, too.

    Args:
      name: Name of the pipeline.
      image: Container image of all tasks. Defaults to `kubeflow.image`.
      parameters: Parameters of a run by name, as in the JSON of a PipelineSpec. TFX's
        compiler drops the default of a RuntimeParameter in spec 2.1, and supports only
        whole parameters of a component, not `epochs` inside of one.

    Raises:
      ConfigError: The image is missing, or the configuration has a secret.
    """

    def __init__(
        self,
        name: str,
        config: Config,
        image: str | None,
        parameters: Mapping[str, Any],
    ):
        self.spec = pipeline_spec_pb2.PipelineSpec(
            # TFX's 2.0.0 is rejected: "KFP only supports schema version 2.1.0".
            schema_version="2.1.0",
            sdk_version=f"tfx-{tfx_version}",
            default_pipeline_root=config.kubeflow.pipeline_root or "",
        )
        self.spec.pipeline_info.name = name
        self._inputs = self.spec.root.input_definitions
        json_format.ParseDict({"parameters": parameters}, self._inputs)
        self._image = _image(config, image)
        self._retries = config.kubeflow.retries
        self._bundle = Bundle.of(config).encode()
        self._executors = pipeline_spec_pb2.PipelineDeploymentConfig()

    def add_task(
        self, name: str, module: str, arguments: Iterable[str], settings: Task
    ) -> tuple[_Component, _Task]:
        """Adds a task that runs a module with arguments, and takes all parameters."""
        component = self.spec.components[_component_name(name)]
        component.executor_label = executor_label(name)
        task = self.spec.root.dag.tasks[name]
        _set_name(task, name)
        _disable_caching(task)
        if self._retries:
            task.retry_policy.CopyFrom(_retry_policy(self._retries))
        self._pass_parameters(component, task)
        _pass_run_id(component, task)
        container = self._executors.executors[component.executor_label].container
        container.image = self._image
        container.command.extend(["python", "-m", module])
        # The launcher replaces {{$}} by all inputs and outputs of the task, as JSON.
        container.args.extend(["--executor_input", "{{$}}", "--bundle", self._bundle])
        container.args.extend(arguments)
        set_resources(container, settings)
        return component, task

    def group_tasks(self, name: str) -> None:
        """Moves the tasks so far into a DAG of their own, with all parameters."""
        group = self.spec.components[_component_name(name)]
        group.dag.CopyFrom(self.spec.root.dag)
        self.spec.root.dag.Clear()
        task = self.spec.root.dag.tasks[name]
        _set_name(task, name)
        _disable_caching(task)
        self._pass_parameters(group, task)

    def _pass_parameters(self, component: _Component, task: _Task) -> None:
        """Passes the parameters of the pipeline to a task."""
        for name, declared in self._inputs.parameters.items():
            parameter = component.input_definitions.parameters[name]
            parameter.parameter_type = declared.parameter_type
            task.inputs.parameters[name].component_input_parameter = name

    def add_import(self, resolver: str, key: str, kind: _Type) -> None:
        """Adds the task that imports an artifact that a resolver found.

        An importer cannot take the output of another task, only a parameter of its DAG.
        So it is in a DAG of its own, which takes the output of the resolver.
        """
        name = import_task(resolver, key)
        importer = f"{name}-importer"
        task = self.spec.root.dag.tasks[name]
        _set_name(task, name)
        task.dependent_tasks.append(resolver)
        uri = task.inputs.parameters[_URI].task_output_parameter
        uri.producer_task, uri.output_parameter_key = resolver, key
        _disable_caching(task)

        folder = self.spec.components[_component_name(name)]
        _declare_import(folder, kind)
        inner = folder.dag.tasks[importer]
        _set_name(inner, importer)
        inner.inputs.parameters[_URI].component_input_parameter = _URI
        _disable_caching(inner)
        selector = folder.dag.outputs.artifacts[_IMPORTED].artifact_selectors.add()
        selector.producer_subtask, selector.output_artifact_key = importer, _IMPORTED

        component = self.spec.components[_component_name(importer)]
        _declare_import(component, kind)
        component.executor_label = executor_label(importer)
        executor = self._executors.executors[component.executor_label].importer
        executor.artifact_uri.runtime_parameter = _URI
        executor.type_schema.CopyFrom(_artifact_type(kind))
        executor.reimport = True

    def write(self, output: Path, platform: pipeline_spec_pb2.PlatformSpec) -> None:
        """Writes the spec and its PlatformSpec as YAML documents, like kfp.

        Raises:
          ConfigError: A container is too long, since the configuration is.
        """
        self._check_lengths()
        executors = json_format.MessageToDict(self._executors)
        self.spec.deployment_spec.update(executors)
        trees = [json_format.MessageToDict(each) for each in (self.spec, platform)]
        output.write_text(all_to_yaml(trees), encoding="utf-8")

    def _check_lengths(self) -> None:
        for label, executor in self._executors.executors.items():
            length = len(json_format.MessageToJson(executor.container))
            if length > _MAX_CONTAINER:
                raise ConfigError(
                    f"the container {label} has {length:,} bytes, of which the "
                    f"configuration with the file of validation.schema_file has "
                    f"{len(self._bundle):,}; allowed: at most {_MAX_CONTAINER:,}; "
                    "shorten the schema, or remove features"
                )


def _image(config: Config, image: str | None) -> str:
    chosen = image or config.kubeflow.image
    if chosen is None:
        raise ConfigError(
            "kubeflow.image: this key is missing; set it, or give --image"
        )
    return chosen


def _retry_policy(retries: int) -> _Retries:
    """Returns waits of half a minute, a minute, two, and so on."""
    policy = _Retries(max_retry_count=retries, backoff_factor=2.0)
    policy.backoff_duration.FromSeconds(30)
    policy.backoff_max_duration.FromTimedelta(_RETRYING)
    return policy


def _component_name(task: str) -> str:
    return f"comp-{task}"


def _artifact_type(kind: _Type) -> pipeline_spec_pb2.ArtifactTypeSchema:
    """Returns a type of Kubeflow's own, which its dashboard and all backends support.

    Containers get inputs with an empty type (tfx#7768) and read the type from ML
    Metadata instead, so types with properties need no schema here.
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


def _pass_run_id(component: _Component, task: _Task) -> None:
    """Passes the id of the run, which an executor's context lacks on Kubeflow.

    As a parameter it is also part of the key of Kubeflow's cache and disables it, even
    where an installation enables it. That cache does not detect changed files, so
    schedules would train on stale data; TFX's driver, which detects them, would need
    the hook `preCacheCheck`, which open-source backends ignore.
    """
    _pass_placeholder(component, task, RUN_ID, "{{$.pipeline_job_uuid}}")


def pass_schedule_time(component: _Component, task: _Task) -> None:
    """Passes the time at which a run is due; see `kubeflow.task.scheduled_date`."""
    placeholder = "{{$.pipeline_job_schedule_time_utc}}"
    _pass_placeholder(component, task, SCHEDULE_TIME, placeholder)


def _pass_placeholder(
    component: _Component, task: _Task, name: str, placeholder: str
) -> None:
    """Passes a value of the run.

    Drivers from 2.5 on replace a placeholder that is the whole value of a parameter.
    """
    component.input_definitions.parameters[name].parameter_type = _STRING
    value = task.inputs.parameters[name].runtime_value
    value.constant.string_value = placeholder


def _disable_caching(task: _Task) -> None:
    """Disables Kubeflow's cache for a task; see `_pass_run_id`."""
    task.caching_options.enable_cache = False


def declare_output(component: _Component, key: str, kind: _Type) -> None:
    """Declares an output, and for a report also what the dashboard shows of it."""
    outputs = component.output_definitions.artifacts
    outputs[key].artifact_type.CopyFrom(_artifact_type(kind))
    if kind is HtmlReport:
        for suffix, title in SHOWN_OF_REPORT.items():
            outputs[key + suffix].artifact_type.CopyFrom(_system_type(title))


def declare_resolved(component: _Component, keys: Iterable[str]) -> None:
    """Declares the artifacts that a resolver finds, as URIs.

    Backends have no resolvers ("non-container and non-importer executor not
    implemented"), so a resolver is a task that queries ML Metadata. Its results cannot
    be output artifacts, since the launcher rejects URIs outside the folder of the run;
    they are output parameters, which importers turn into artifacts. Neither may be
    missing or empty: without a result the URI is that of the task's own artifact
    `nothing`.
    """
    outputs = component.output_definitions
    outputs.artifacts[NOTHING].artifact_type.CopyFrom(_system_type("system.Artifact"))
    for key in keys:
        outputs.parameters[key].parameter_type = _STRING


def has_files(kind: _Type) -> bool:
    """Returns False for releases, which consist of metadata."""
    return kind is not Release


def import_task(resolver: str, key: str) -> str:
    """Returns the name of the task that imports an artifact that a resolver found."""
    return f"{resolver}-{key}".replace("_", "-")


def _set_name(task: _Task, name: str) -> None:
    """Sets the name of a task and of its component."""
    task.task_info.name = name
    task.component_ref.name = _component_name(name)


def _declare_import(component: _Component, kind: _Type) -> None:
    component.input_definitions.parameters[_URI].parameter_type = _STRING
    output = component.output_definitions.artifacts[_IMPORTED]
    output.artifact_type.CopyFrom(_artifact_type(kind))


def read_output(
    component: _Component,
    task: _Task,
    key: str,
    kind: _Type,
    producer: str,
    output: str,
) -> None:
    """Makes an output of another task, with its files, an input of a task."""
    declared = component.input_definitions.artifacts[key]
    declared.artifact_type.CopyFrom(_artifact_type(kind))
    artifact = task.inputs.artifacts[key].task_output_artifact
    artifact.producer_task, artifact.output_artifact_key = producer, output


def read_resolved(
    component: _Component,
    task: _Task,
    key: str,
    kind: _Type,
    resolver: str,
    output: str,
) -> None:
    """Makes an artifact that a resolver found, with its files, an input of a task."""
    imported = import_task(resolver, output)
    read_output(component, task, key, kind, imported, _IMPORTED)
