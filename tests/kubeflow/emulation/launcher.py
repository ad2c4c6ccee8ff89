"""The launcher: what goes on in the pod of a task."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from emulation.package import Kubernetes
from emulation.storage import ObjectStore, local_path
from kubeflow.task.paths import ROOT_VARIABLE

ExecutorInput = pipeline_spec_pb2.ExecutorInput
ExecutorOutput = pipeline_spec_pb2.ExecutorOutput
Container = pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec


# The output of a task that the launcher itself writes.
LOGS = "executor-logs"


class TaskFailedError(Exception):
    """A task ended with another status than 0."""


@dataclass(frozen=True)
class Launcher:
    """Runs tasks as processes, each in a fresh folder.

    Attributes:
      objects: The object store.
      pod: What the root directory is in a container.
      secrets: Kubernetes secrets, by name and key.
    """

    objects: ObjectStore
    pod: Path
    secrets: dict[str, dict[str, str]]

    def fresh_pod(self) -> None:
        shutil.rmtree(self.pod, ignore_errors=True)
        self.pod.mkdir(parents=True)

    def execute(
        self,
        container: Container,
        kubernetes: Kubernetes,
        inputs: ExecutorInput,
        folder_of_run: str,
    ) -> tuple[ExecutorOutput, str]:
        """Copies, runs and copies back.

        Returns:
          What the task says of its outputs, merged into what was asked, and its log.
        """
        self._prepare(inputs)
        whole = json_format.MessageToJson(inputs, indent=None)
        words = (*container.command, *container.args)
        command = [word.replace("{{$}}", whole) for word in words]
        done = self.start(command, container, kubernetes)
        if done.returncode != 0:
            raise TaskFailedError(f"exit status {done.returncode}: {done.stdout}")
        output = _read_output(Path(inputs.outputs.output_file))
        self._write_logs(inputs, done.stdout)
        merged = _merge(inputs, output)
        for artifacts in merged.artifacts.values():
            self.objects.upload(artifacts.artifacts[0].uri, self.pod, folder_of_run)
        return merged, done.stdout

    def _prepare(self, inputs: ExecutorInput) -> None:
        for artifacts in inputs.inputs.artifacts.values():
            self.objects.download(artifacts.artifacts[0].uri, self.pod)
        for artifacts in inputs.outputs.artifacts.values():
            path = local_path(self.pod, artifacts.artifacts[0].uri)
            assert path is not None
            path.parent.mkdir(parents=True, exist_ok=True)

    def _write_logs(self, inputs: ExecutorInput, text: str) -> None:
        for key, artifacts in inputs.outputs.artifacts.items():
            if key == LOGS:
                path = local_path(self.pod, artifacts.artifacts[0].uri)
                assert path is not None
                path.write_text(text)

    def start(
        self, command: list[str], container: Container, kubernetes: Kubernetes
    ) -> subprocess.CompletedProcess[str]:
        """Runs the command of a task as a process, and waits for its end."""
        for mount in kubernetes.pvc_mount:
            # A claim is bound to a folder of the same name on this machine.
            assert Path(mount.mount_path).is_dir(), mount
        # Nothing of this process's but what runs Python here.
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.pod),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            ROOT_VARIABLE: str(self.pod),
            **self.variables(container, kubernetes),
        }
        return run_to_end(command, cwd=self.pod, env=environment)

    def variables(self, container: Container, kubernetes: Kubernetes) -> dict[str, str]:
        """The environment variables that the spec gives a task."""
        variables = {}
        for secret in kubernetes.secret_as_env:
            name = secret.secret_name
            for each in secret.key_to_env:
                variables[each.env_var] = self.secrets[name][each.secret_key]
        return {**variables, **{each.name: each.value for each in container.env}}


def run_to_end(command: list[str], **settings: Any) -> subprocess.CompletedProcess[str]:
    """Runs a command; what it prints is its log."""
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **settings
    )


def _read_output(path: Path) -> ExecutorOutput:
    output = ExecutorOutput()
    if path.exists():
        json_format.Parse(path.read_text(), output)
    return output


def _merge(inputs: ExecutorInput, output: ExecutorOutput) -> ExecutorOutput:
    """`mergeRuntimeArtifacts`: the task may say another URI, and more metadata."""
    merged = ExecutorOutput()
    for name, artifacts in inputs.outputs.artifacts.items():
        artifact = merged.artifacts[name].artifacts.add()
        artifact.CopyFrom(artifacts.artifacts[0])
        if name in output.artifacts:
            (said,) = output.artifacts[name].artifacts
            artifact.uri = said.uri or artifact.uri
            artifact.metadata.update(said.metadata)
    for name, parameter in inputs.outputs.parameters.items():
        if name in output.parameter_values:
            merged.parameter_values[name].CopyFrom(output.parameter_values[name])
        else:
            text = Path(parameter.output_file).read_text()
            merged.parameter_values[name].string_value = text
    return merged
