"""From a configuration to what Kubeflow Pipelines runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from google.protobuf import json_format, message
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx import types
from tfx.dsl.components.base import base_node
from tfx.dsl.components.common import resolver
from tfx.types import channel_utils

from config.errors import ConfigError
from config.kubeflow import Task
from config.root import Config
from config.yaml_text import all_to_yaml
from kubeflow.bundle import Bundle
from kubeflow.compile import adapt
from kubeflow.compile.pods import platform_spec, set_resources, tasks_of
from kubeflow.names import pipeline_name
from pipeline.dag import create_pipeline


def compile_pipeline(config: Config, output: Path, image: str | None = None) -> None:
    """Writes a PipelineSpec, and what Kubernetes gives its tasks, as YAML.

    Args:
      config: The configuration.
      output: The file to write.
      image: The container image; by default `kubeflow.image`.

    Raises:
      ConfigError: No image is named, a component is named that there is not, the
        configuration has a secret, or two volumes are mounted at one path.
    """
    chosen = image_of(config, image)
    nodes = create_pipeline(config, root="", model_dir="").components
    tasks = tasks_of(config, [node.id for node in nodes])
    spec = _Compiler(config, chosen, nodes, tasks).compile()
    write_package(output, spec, platform_spec(config, tasks))


def image_of(config: Config, image: str | None) -> str:
    """The container image: what is asked for, or else what the configuration says."""
    chosen = image or config.kubeflow.image
    if chosen is None:
        raise ConfigError("kubeflow.image: this key is missing; or give --image")
    return chosen


def write_package(output: Path, *documents: message.Message) -> None:
    """Writes a PipelineSpec and its platformSpec as kfp does."""
    trees = [json_format.MessageToDict(document) for document in documents]
    output.write_text(all_to_yaml(trees), encoding="utf-8")


class _Edge(NamedTuple):
    """An output of a node that another node reads."""

    key: str
    producer: str
    output: str
    type: type[types.Artifact]


class _Compiler:
    """Compiles the nodes of one DAG."""

    def __init__(
        self,
        config: Config,
        image: str,
        nodes: list[base_node.BaseNode],
        tasks: dict[str, Task],
    ):
        self._config = config
        self._image = image
        self._nodes = nodes
        self._tasks = tasks
        self._bundle = Bundle.of(config).model_dump_json()
        self._resolvers = {
            node.id for node in nodes if isinstance(node, resolver.Resolver)
        }
        self._spec = adapt.new_spec(pipeline_name(config.name), config)
        self._executors = pipeline_spec_pb2.PipelineDeploymentConfig()

    def compile(self) -> pipeline_spec_pb2.PipelineSpec:
        spec = self._spec
        adapt.declare_run_parameters(spec, self._config)
        for node in self._nodes:
            self._add(node)
        for edge in self._found():
            adapt.add_import(
                spec, self._executors, edge.producer, edge.output, edge.type
            )
        executors = json_format.MessageToDict(self._executors)
        spec.deployment_spec.update(executors)
        return spec

    def _add(self, node: base_node.BaseNode) -> None:
        component = self._spec.components[adapt.component_name(node.id)]
        task = self._spec.root.dag.tasks[node.id]
        component.executor_label = adapt.executor_label(node.id)
        adapt.refer(task, node.id)
        adapt.pass_run_parameters(component, task, self._config)
        adapt.pass_run_id(component, task)
        if self._config.examples.spans is not None:
            adapt.pass_schedule_time(component, task)
        adapt.switch_caching_off(task)
        self._add_inputs(node, component, task)
        self._add_outputs(node, component)
        self._add_container(node)

    def _add_inputs(
        self,
        node: base_node.BaseNode,
        component: pipeline_spec_pb2.ComponentSpec,
        task: pipeline_spec_pb2.PipelineTaskSpec,
    ) -> None:
        before = {upstream.id for upstream in node.upstream_nodes}
        for edge in _edges(node):
            is_found = edge.producer in self._resolvers
            if is_found and not self._is_imported(edge):
                continue
            declared = component.input_definitions.artifacts[edge.key]
            declared.artifact_type.CopyFrom(adapt.artifact_type(edge.type))
            if is_found:
                adapt.read_found(task, *edge[:3])
                before.add(adapt.import_task(edge.producer, edge.output))
            else:
                adapt.read_output(task, *edge[:3])
        task.dependent_tasks.extend(sorted(before))

    def _add_outputs(
        self, node: base_node.BaseNode, component: pipeline_spec_pb2.ComponentSpec
    ) -> None:
        if node.id not in self._resolvers:
            for key, channel in node.outputs.items():
                adapt.declare_output(component, key, channel.type)
            return
        found = [edge.output for edge in self._found() if edge.producer == node.id]
        if found:
            adapt.declare_found(component, found)

    def _add_container(self, node: base_node.BaseNode) -> None:
        label = adapt.executor_label(node.id)
        container = self._executors.executors[label].container
        adapt.say_command(
            container, self._image, "kubeflow.task.entrypoint", self._bundle
        )
        container.args.extend(["--node", node.id])
        set_resources(container, self._tasks[node.id])

    def _found(self) -> set[_Edge]:
        """What resolvers find that others read, without who reads it."""
        return {
            edge._replace(key="")
            for node in self._nodes
            for edge in _edges(node)
            if edge.producer in self._resolvers and self._is_imported(edge)
        }

    def _is_imported(self, edge: _Edge) -> bool:
        # A shared folder needs no copies.
        return self._config.kubeflow.artifacts is None and adapt.has_files(edge.type)


def _edges(node: base_node.BaseNode) -> Iterator[_Edge]:
    inputs = node.raw_inputs if isinstance(node, resolver.Resolver) else node.inputs
    for key, channel in inputs.items():
        for each in channel_utils.get_individual_channels(channel):
            # What a resolver asks ML Metadata for has no producer.
            if each.producer_component_id and each.output_key:
                yield _Edge(key, each.producer_component_id, each.output_key, each.type)
