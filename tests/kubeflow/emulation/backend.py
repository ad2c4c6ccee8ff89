"""The driver: what each task is given, and in which order they run."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from emulation.launcher import LOGS, ExecutorInput, Launcher, TaskFailedError
from emulation.package import (
    KINDS,
    TYPES,
    Dag,
    Kubernetes,
    Package,
    in_order,
    runs_always,
)
from emulation.releases import NEWEST, Release
from emulation.storage import Artifacts, ObjectStore, local_path

ROOT = "minio://mlpipeline/v2/artifacts"

_IMPORTABLE = ("gs://", "s3://", "minio://")


@dataclass
class Outputs:
    """What a task made: ids of artifacts, and values of parameters."""

    artifacts: dict[str, int] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass
class Run:
    """A run.

    Attributes:
      id: Its id.
      package: What is run.
      cache: Whether the cache is asked, whatever the spec says of it.
      outputs: Of each task.
      logs: What each container wrote.
      cached: The tasks that the cache answered for.
      attempts: How often each container was started.
    """

    id: str
    package: Package
    cache: bool
    outputs: dict[str, Outputs] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    attempts: dict[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """`GenerateOutputURI`: the pipeline root of this run."""
        return f"{ROOT}/{self.package.spec.pipeline_info.name}/{self.id}"


@dataclass
class _Scope:
    """A DAG of a run, as its tasks see it.

    Attributes:
      run: The run.
      parameters: Of the DAG.
      outputs: Of the tasks that have ended.
    """

    run: Run
    parameters: dict[str, Any]
    outputs: dict[str, Outputs]


class Backend:
    """Runs compiled pipelines."""

    def __init__(
        self,
        folder: Path,
        secrets: dict[str, dict[str, str]] | None = None,
        launcher: Callable[..., Launcher] = Launcher,
        release: Release = NEWEST,
    ):
        self._release = release
        self.objects = ObjectStore(folder / "objects")
        self.artifacts = Artifacts()
        self._launcher = launcher(self.objects, folder / "pod", secrets or {})
        self._cache: dict[str, Outputs] = {}

    def run(
        self,
        package: Path,
        parameters: dict[str, Any] | None = None,
        cache: bool = False,
        only: str | None = None,
    ) -> Run:
        """Runs a compiled pipeline to its end, or until a task fails.

        Args:
          package: What `ctr kubeflow compile` wrote.
          parameters: Those of the run.
          cache: Whether the cache is asked, whatever the spec says of it.
          only: Runs this task and those before it; None for all.
        """
        run = Run(str(uuid.uuid4()), Package.read(package), cache)
        values = run.package.run_parameters(parameters or {})
        scope = _Scope(run, values, run.outputs)
        self._run_dag(scope, run.package.spec.root.dag, only)
        return run

    def _run_dag(self, scope: _Scope, dag: Dag, only: str | None = None) -> None:
        failed: dict[str, TaskFailedError] = {}
        for name in in_order(dag, only):
            task = dag.tasks[name]
            if failed and not runs_always(task):
                continue
            try:
                scope.outputs[name] = self._run_task(scope, name, task)
            except TaskFailedError as error:
                failed[name] = error
        for error in failed.values():
            raise error

    def _run_task(self, scope: _Scope, name: str, task: Any) -> Outputs:
        run = scope.run
        component = run.package.spec.components[task.component_ref.name]
        inputs = self._inputs(scope, task, component)
        if component.WhichOneof("implementation") == "dag":
            return self._run_inner(run, component, inputs)
        executor = run.package.executors[component.executor_label]
        if executor.WhichOneof("spec") == "importer":
            return self._import(executor.importer, task, scope.parameters)
        return self._run_container(run, name, task, component, inputs)

    def _run_inner(self, run: Run, component: Any, inputs: Any) -> Outputs:
        inner: dict[str, Outputs] = {}
        values = json_format.MessageToDict(inputs).get("parameterValues", {})
        self._run_dag(_Scope(run, values, inner), component.dag)
        result = Outputs()
        for key, output in component.dag.outputs.artifacts.items():
            (selector,) = output.artifact_selectors
            made = inner[selector.producer_subtask]
            result.artifacts[key] = made.artifacts[selector.output_artifact_key]
        return result

    def _import(self, importer: Any, task: Any, parameters: dict[str, Any]) -> Outputs:
        """`ImportSpecToMLMDArtifact`: a parameter has to be one of the DAG."""
        name = importer.artifact_uri.runtime_parameter
        uri = parameters[task.inputs.parameters[name].component_input_parameter]
        if not uri.startswith(_IMPORTABLE):
            raise ValueError(f"importer: unrecognized uri format: {uri!r}")
        artifact = pipeline_spec_pb2.RuntimeArtifact(uri=uri)
        title = importer.type_schema.schema_title
        return Outputs({"artifact": self.artifacts.add(artifact, title)})

    def _run_container(
        self, run: Run, name: str, task: Any, component: Any, inputs: Any
    ) -> Outputs:
        container = run.package.executors[component.executor_label].container
        key = self._cache_key(container, component, inputs)
        asked = run.cache or task.caching_options.enable_cache
        if asked and key in self._cache:
            run.cached.add(name)
            return self._cache[key]
        executor_input = ExecutorInput(inputs=inputs)
        self._provision(run, name, component, executor_input.outputs)
        kubernetes = run.package.kubernetes.get(component.executor_label, Kubernetes())
        began = time.monotonic()
        for attempt in itertools.count():
            # The driver is not run again, so that the outputs are the same; the pod is.
            self._launcher.fresh_pod()
            run.attempts[name] = attempt + 1
            tried = self._numbered(executor_input, attempt)
            try:
                output, run.logs[name] = self._launcher.execute(
                    container, kubernetes, tried, run.folder
                )
                break
            except TaskFailedError:
                seconds = time.monotonic() - began
                if not _is_tried_again(task.retry_policy, attempt, seconds):
                    raise
        result = Outputs(parameters=_plain(output.parameter_values))
        for each, artifacts in output.artifacts.items():
            (artifact,) = artifacts.artifacts
            title = artifact.type.schema_title
            assert title, f"{name}.{each}: No title specified"
            added = self.artifacts.add(artifact, title, display_name=each)
            result.artifacts[each] = added
        self._cache[key] = result
        return result

    def _provision(self, run: Run, name: str, component: Any, outputs: Any) -> None:
        """`provisionOutputs`."""
        pod = self._launcher.pod
        folder = f"{run.folder}/{name}/{uuid.uuid4()}"
        metadata = pod / "tmp/kfp_outputs/output_metadata.json"
        if self._release.metadata_in_folder:
            found = local_path(pod, f"{folder}/output_metadata.json")
            assert found is not None
            metadata = found
        outputs.output_file = str(metadata)
        # Go's maps have no order: the driver's own output may well be the first.
        logs = outputs.artifacts[LOGS].artifacts.add(uri=f"{folder}/{LOGS}")
        logs.type.schema_title = "system.Artifact"
        for key, declared in component.output_definitions.artifacts.items():
            artifact = outputs.artifacts[key].artifacts.add(uri=f"{folder}/{key}")
            if self._release.named_outputs:
                artifact.name = key
            artifact.type.CopyFrom(declared.artifact_type)
            artifact.metadata.CopyFrom(declared.metadata)
        for key in component.output_definitions.parameters:
            outputs.parameters[key].output_file = str(pod / f"tmp/kfp/outputs/{key}")

    def _numbered(self, executor_input: ExecutorInput, attempt: int) -> ExecutorInput:
        """`qualifyExecutorLogsURI`: each attempt has a log of its own."""
        numbered = ExecutorInput()
        numbered.CopyFrom(executor_input)
        if self._release.numbered_logs:
            (logs,) = numbered.outputs.artifacts[LOGS].artifacts
            logs.uri += f"-{attempt}"
        return numbered

    def _inputs(self, scope: _Scope, task: Any, component: Any) -> Any:
        """`resolveInputs`."""
        inputs = ExecutorInput.Inputs()
        for name, spec in task.inputs.parameters.items():
            value = self._parameter(scope, task, spec)
            declared = component.input_definitions.parameters[name].parameter_type
            json_format.ParseDict(
                _checked(name, value, declared), inputs.parameter_values[name]
            )
        for name, spec in task.inputs.artifacts.items():
            made = spec.task_output_artifact
            found = scope.outputs[made.producer_task].artifacts[
                made.output_artifact_key
            ]
            inputs.artifacts[name].artifacts.append(self.artifacts.get(found))
        return inputs

    def _parameter(self, scope: _Scope, task: Any, spec: Any) -> Any:
        """`resolveInputParameter`."""
        kind = spec.WhichOneof("kind")
        if kind == "component_input_parameter":
            return scope.parameters[spec.component_input_parameter]
        if kind == "task_output_parameter":
            made = spec.task_output_parameter
            outputs = scope.outputs[made.producer_task]
            return outputs.parameters[made.output_parameter_key]
        value = json_format.MessageToDict(spec.runtime_value.constant)
        # A placeholder is replaced where it is the whole value.
        whole = {
            "{{$.pipeline_task_name}}": task.task_info.name,
            "{{$.pipeline_job_uuid}}": scope.run.id,
        }
        if self._release.schedule_time is not None:
            due = "{{$.pipeline_job_schedule_time_utc}}"
            whole[due] = self._release.schedule_time
        return whole.get(value, value) if isinstance(value, str) else value

    def _cache_key(self, container: Any, component: Any, inputs: Any) -> str:
        """`GenerateCacheKey`: artifacts by id; neither their files nor any others."""
        tree = {
            "artifacts": {
                name: [each.name for each in artifacts.artifacts]
                for name, artifacts in inputs.artifacts.items()
            },
            "parameters": _plain(inputs.parameter_values),
            "outputs": json_format.MessageToDict(component.output_definitions),
            "container": json_format.MessageToDict(container),
        }
        return json.dumps(tree, sort_keys=True)


def _is_tried_again(policy: Any, attempt: int, seconds: float) -> bool:
    """`processNodeRetries` of Argo 3.5 to 4.0, workflow/controller/operator.go.

    Args:
      policy: Of the task. A missing maximum is 0 (2.17.0
        argocompiler/container.go:410).
      attempt: The number of the one that failed, from 0 on.
      seconds: Since the first attempt started.
    """
    wait = policy.backoff_duration.seconds * policy.backoff_factor**attempt
    is_in_time = seconds + wait <= policy.backoff_max_duration.seconds
    return attempt < policy.max_retry_count and is_in_time


def _plain(values: Any) -> dict[str, Any]:
    return {name: json_format.MessageToDict(value) for name, value in values.items()}


def _checked(name: str, value: Any, declared: int) -> Any:
    """`handleParamTypeValidationAndConversion`."""
    if value is None:
        raise ValueError(f"got null for input parameter {name!r}")
    if declared == TYPES.STRING:
        return value if isinstance(value, str) else json.dumps(value)
    if not isinstance(value, KINDS[declared]):
        raise ValueError(
            f"input parameter {name!r} type mismatch: expect {TYPES.Name(declared)}, "
            f"got {value!r}"
        )
    return value
