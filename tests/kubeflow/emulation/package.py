"""A compiled pipeline, read as strictly as a backend reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.components import load_component_from_file
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

Spec = pipeline_spec_pb2.PipelineSpec
Dag = pipeline_spec_pb2.DagSpec
Executor = pipeline_spec_pb2.PipelineDeploymentConfig.ExecutorSpec
Kubernetes = kubernetes_executor_config_pb2.KubernetesExecutorConfig

TYPES = pipeline_spec_pb2.ParameterType.ParameterTypeEnum
# What a parameter of a type may be.
KINDS: dict[int, tuple[type, ...]] = {
    TYPES.STRING: (str,),
    TYPES.BOOLEAN: (bool,),
    TYPES.NUMBER_INTEGER: (int, float),
    TYPES.NUMBER_DOUBLE: (int, float),
    TYPES.LIST: (list,),
    TYPES.STRUCT: (dict,),
}

_PIPELINE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")
# As Argo has it for the tasks and templates of a workflow.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,127}")


class RefusedError(Exception):
    """What a backend answers to a spec that it does not run."""


@dataclass(frozen=True)
class Package:
    """A compiled pipeline.

    Attributes:
      spec: The PipelineSpec.
      executors: Its executors, by label.
      kubernetes: What Kubernetes gives each.
    """

    spec: Spec
    executors: dict[str, Executor]
    kubernetes: dict[str, Kubernetes]

    @classmethod
    def read(cls, path: Path) -> Package:
        """Reads it: an unknown field is an error, as in Go's protojson."""
        load_component_from_file(str(path))
        spec_tree, platform_tree = yaml.safe_load_all(path.read_text())
        spec = json_format.ParseDict(spec_tree, Spec())
        deployment = pipeline_spec_pb2.PipelineDeploymentConfig()
        json_format.ParseDict(
            json_format.MessageToDict(spec.deployment_spec), deployment
        )
        platform = json_format.ParseDict(
            platform_tree, pipeline_spec_pb2.PlatformSpec()
        )
        settings = platform.platforms["kubernetes"].deployment_spec.executors
        package = cls(
            spec,
            dict(deployment.executors),
            {
                label: json_format.ParseDict(
                    json_format.MessageToDict(tree), Kubernetes()
                )
                for label, tree in settings.items()
            },
        )
        package.check()
        return package

    def check(self) -> None:
        """Rejects what a backend rejects, when a pipeline is uploaded or runs."""
        if self.spec.schema_version != "2.1.0":
            raise RefusedError("KFP only supports schema version 2.1.0")
        if not _PIPELINE_NAME.fullmatch(self.spec.pipeline_info.name):
            raise RefusedError(f"pipeline name {self.spec.pipeline_info.name!r}")
        for dag in self.dags():
            self._check_dag(dag)
        for label, executor in self.executors.items():
            if executor.WhichOneof("spec") not in ("container", "importer"):
                raise RefusedError(
                    f"{label}: non-container and non-importer executor not implemented"
                )
        for label in self.kubernetes:
            if label not in self.executors:
                raise RefusedError(f"{label}: no such executor")

    def dags(self) -> Iterator[Dag]:
        """The DAG, and those in it."""
        yield self.spec.root.dag
        for component in self.spec.components.values():
            if component.WhichOneof("implementation") == "dag":
                yield component.dag

    def _check_dag(self, dag: Dag) -> None:
        for name, task in dag.tasks.items():
            for each in (name, task.component_ref.name):
                if not _NAME.fullmatch(each):
                    raise RefusedError(f"task {each!r}: not a name for Argo")
            component = self.spec.components[task.component_ref.name]
            for key in task.inputs.parameters:
                if key not in component.input_definitions.parameters:
                    raise RefusedError(f"{name}: undeclared parameter {key!r}")
            for producer in _producers(task):
                # The order of tasks follows from nothing else.
                if producer not in task.dependent_tasks:
                    raise RefusedError(f"{name}: does not wait for {producer}")
            if runs_always(task) and len(task.dependent_tasks) != 1:
                # argocompiler/dag.go: an exit hook is of one task.
                raise RefusedError(f"{name}: an exit handler of several tasks")
            for producer in task.dependent_tasks:
                if producer not in dag.tasks:
                    raise RefusedError(f"{name}: waits for {producer}: no such task")

    def run_parameters(self, values: dict[str, Any]) -> dict[str, Any]:
        """The parameters of a run, with defaults."""
        declared = self.spec.root.input_definitions.parameters
        if unknown := set(values) - set(declared):
            raise RefusedError(f"unknown run parameters {unknown}")
        for name, parameter in declared.items():
            if name not in values and not parameter.HasField("default_value"):
                raise RefusedError(f"{name}: neither value nor default value provided")
        defaults = {
            name: json_format.MessageToDict(parameter.default_value)
            for name, parameter in declared.items()
        }
        return {**defaults, **values}


def runs_always(task: Any) -> bool:
    """Returns True for an exit handler, which also runs after a failure."""
    strategy = task.trigger_policy.strategy
    return bool(strategy == task.TriggerPolicy.ALL_UPSTREAM_TASKS_COMPLETED)


def _producers(task: Any) -> Iterator[str]:
    for artifact in task.inputs.artifacts.values():
        if artifact.WhichOneof("kind") == "task_output_artifact":
            yield artifact.task_output_artifact.producer_task
    for parameter in task.inputs.parameters.values():
        if parameter.WhichOneof("kind") == "task_output_parameter":
            yield parameter.task_output_parameter.producer_task


def in_order(dag: Dag, only: str | None = None) -> Iterator[str]:
    """The tasks, each after those it waits for; those before one, or all."""
    needed = set(dag.tasks) if only is None else _before(dag, only)
    done: set[str] = set()
    while done < needed:
        ready = sorted(
            name
            for name in needed - done
            if done.issuperset(dag.tasks[name].dependent_tasks)
        )
        assert ready, "a ring of tasks"
        yield ready[0]
        done.add(ready[0])


def _before(dag: Dag, name: str) -> set[str]:
    found = {name}
    for producer in dag.tasks[name].dependent_tasks:
        found |= _before(dag, producer)
    return found
