"""Compiler from a configuration to a PipelineSpec of Kubeflow Pipelines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from kfp.pipeline_spec import pipeline_spec_pb2
from tfx import types
from tfx.dsl.components.base import base_node
from tfx.dsl.components.common import resolver
from tfx.types import channel_utils

from config.kubeflow import Task
from config.root import Config
from kubeflow.compile import spec_builder
from kubeflow.compile.exit_handler import NOTIFY, add_exit_handler
from kubeflow.compile.parameters import declared_parameters
from kubeflow.compile.pods import platform_spec, tasks_of
from kubeflow.names import pipeline_name
from pipeline.dag import create_pipeline


def compile_pipeline(config: Config, output: Path, image: str | None = None) -> None:
    """Writes a PipelineSpec and the Kubernetes settings of its tasks as YAML.

    Args:
      image: Container image. Defaults to `kubeflow.image`.

    Raises:
      ConfigError: The image is missing, a component is unknown, the configuration has a
        secret, or two volumes have the same path.
    """
    builder = spec_builder.SpecBuilder(
        pipeline_name(config.name), config, image, declared_parameters(config)
    )
    nodes = create_pipeline(config, root="", model_dir="").components
    names = [node.id for node in nodes]
    tasks = tasks_of(config, [*names, NOTIFY] if config.notify else names)
    _Compiler(config, builder, tasks).compile(nodes)
    if config.notify:
        add_exit_handler(builder, tasks[NOTIFY])
    builder.write(output, platform_spec(config, tasks))


class _Edge(NamedTuple):
    """An output of a node that is an input of another one."""

    key: str
    type: type[types.Artifact]
    producer: str
    output: str


class _Compiler:
    """Adds the nodes of one DAG to a spec."""

    def __init__(
        self,
        config: Config,
        builder: spec_builder.SpecBuilder,
        tasks: Mapping[str, Task],
    ):
        self._config = config
        self._builder = builder
        self._tasks = tasks

    def compile(self, nodes: list[base_node.BaseNode]) -> None:
        self._resolvers = {
            node.id for node in nodes if isinstance(node, resolver.Resolver)
        }
        # Without their readers, which may be several.
        imports = {
            edge._replace(key="")
            for node in nodes
            for edge in _edges(node)
            if edge.producer in self._resolvers and self._is_imported(edge)
        }
        for node in nodes:
            component = self._add(node)
            if node.id not in self._resolvers:
                for key, channel in node.outputs.items():
                    spec_builder.declare_output(component, key, channel.type)
            elif keys := [edge.output for edge in imports if edge.producer == node.id]:
                spec_builder.declare_resolved(component, keys)
        for edge in imports:
            self._builder.add_import(edge.producer, edge.output, edge.type)

    def _add(self, node: base_node.BaseNode) -> pipeline_spec_pb2.ComponentSpec:
        component, task = self._builder.add_task(
            node.id,
            "kubeflow.task.entrypoint",
            ["--node", node.id],
            self._tasks[node.id],
        )
        if self._config.examples.spans is not None:
            spec_builder.pass_schedule_time(component, task)
        upstream = {each.id for each in node.upstream_nodes}
        for edge in _edges(node):
            if edge.producer not in self._resolvers:
                spec_builder.read_output(component, task, *edge)
            elif self._is_imported(edge):
                spec_builder.read_resolved(component, task, *edge)
                upstream.add(spec_builder.import_task(edge.producer, edge.output))
        task.dependent_tasks.extend(sorted(upstream))
        return component

    def _is_imported(self, edge: _Edge) -> bool:
        # With a shared folder of artifacts no files are copied.
        return self._config.kubeflow.artifacts is None and spec_builder.has_files(
            edge.type
        )


def _edges(node: base_node.BaseNode) -> Iterator[_Edge]:
    inputs = node.raw_inputs if isinstance(node, resolver.Resolver) else node.inputs
    for key, channel in inputs.items():
        for each in channel_utils.get_individual_channels(channel):
            # The query of a resolver has no producer.
            if each.producer_component_id and each.output_key:
                yield _Edge(key, each.type, each.producer_component_id, each.output_key)
