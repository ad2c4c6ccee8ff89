"""Kubernetes settings of each task: resources, volumes, secrets and nodes."""

from __future__ import annotations

import posixpath
from typing import TypeAlias

from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

from config.errors import ConfigError
from config.kubeflow import SecretVariable, Task, Toleration, Volume
from config.root import Config

# Environment variable with the URL of ML Metadata from a secret.
METADATA_VARIABLE = "CTR_METADATA"

_Executor: TypeAlias = kubernetes_executor_config_pb2.KubernetesExecutorConfig
_Container: TypeAlias = pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec


def tasks_of(config: Config, names: list[str]) -> dict[str, Task]:
    """Returns the settings of each component.

    Raises:
      ConfigError: `kubeflow.components` has a component that the DAG lacks.
    """
    settings = config.kubeflow
    for name in settings.components:
        if name not in names:
            allowed = ", ".join(names)
            raise ConfigError(
                f"kubeflow.components: unknown component {name!r}; allowed: {allowed}"
            )
    return {
        name: settings.tasks.with_own(settings.components.get(name, Task()))
        for name in names
    }


def executor_label(task: str) -> str:
    """Returns the label of a task's container and its Kubernetes settings."""
    return f"exec-{task}"


def set_resources(container: _Container, task: Task) -> None:
    """Sets the resources and environment variables of a container."""
    resources = container.resources
    if task.cpu is not None:
        resources.resource_cpu_request = resources.resource_cpu_limit = task.cpu
    if task.memory is not None:
        resources.resource_memory_request = task.memory
        resources.resource_memory_limit = task.memory
    if task.gpus is not None:
        resources.accelerator.resource_type = task.gpu_type
        resources.accelerator.resource_count = str(task.gpus)
    for name, value in task.variables.items():
        container.env.add(name=name, value=value)


def platform_spec(
    config: Config, tasks: dict[str, Task]
) -> pipeline_spec_pb2.PlatformSpec:
    """Returns the volumes, secrets, node selectors and tolerations of tasks.

    Raises:
      ConfigError: Two volumes of a task have the same path.
    """
    spec = pipeline_spec_pb2.PlatformSpec()
    executors = spec.platforms["kubernetes"].deployment_spec.executors
    for name, task in tasks.items():
        _check_mounts(name, _volumes(config, task))
        settings = json_format.MessageToDict(_executor(config, task))
        executors[executor_label(name)].update(settings)
    return spec


def _executor(config: Config, task: Task) -> _Executor:
    executor = _Executor()
    for volume in _volumes(config, task):
        # The field that replaced `constant` in 2.5 would be rejected by older
        # backends, and this one still works; the same holds for secrets.
        executor.pvc_mount.add(mount_path=volume.path, constant=volume.claim)
    for secret in task.secrets:
        _add_secret(executor, secret)
    if (url := config.kubeflow.metadata_secret) is not None:
        _add_secret(
            executor,
            SecretVariable(secret=url.secret, key=url.key, variable=METADATA_VARIABLE),
        )
    executor.node_selector.labels.update(task.node_selector)
    for toleration in task.tolerations:
        _tolerate(executor, toleration)
    return executor


def _volumes(config: Config, task: Task) -> tuple[Volume, ...]:
    return config.kubeflow.models, *task.volumes


def _check_mounts(name: str, volumes: tuple[Volume, ...]) -> None:
    """Rejects duplicate paths, for which no pod starts and the run never ends."""
    claims: dict[str, str] = {}
    for volume in volumes:
        path = posixpath.normpath(volume.path)
        if path in claims:
            raise ConfigError(
                f"kubeflow: {name}: got the path {path} for the volumes "
                f"{claims[path]!r} and {volume.claim!r}; give each a path of its own "
                "in kubeflow.models and the 'volumes' of tasks and components"
            )
        claims[path] = volume.claim


def _add_secret(executor: _Executor, secret: SecretVariable) -> None:
    added = executor.secret_as_env.add(secret_name=secret.secret)
    added.key_to_env.add(secret_key=secret.key, env_var=secret.variable)


def _tolerate(executor: _Executor, toleration: Toleration) -> None:
    added = executor.tolerations.add(operator=toleration.operator)
    added.key = toleration.key or ""
    added.value = toleration.value or ""
    added.effect = toleration.effect or ""
