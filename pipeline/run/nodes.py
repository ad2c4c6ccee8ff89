"""Runs the nodes of a DAG one by one, wherever ML Metadata can be reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.compiler import compiler, constants
from tfx.orchestration import metadata
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.orchestration.portable.mlmd import artifact_lib, event_lib, execution_lib
from tfx.proto.orchestration import pipeline_pb2

from pipeline.metadata import open_store

# Of a node, by key; of a run, by node.
Outputs = Mapping[str, list[types.Artifact]]
RunOutputs = Mapping[str, Outputs]

_Execution = metadata_store_pb2.Execution

# What was released is no artifact, and may be gone; a person may have decided
# meanwhile. Releasing what is released already changes nothing.
_NEVER_CACHED = ("ReleaseGate", "Pusher")


class NodeRunner:
    """Runs the nodes of a DAG by TFX's own launcher.

    What a node reads it finds in ML Metadata, so each may run in a process of its own.
    """

    def __init__(self, dag: tfx_pipeline.Pipeline, run_id: str, use_cache: bool = True):
        """Compiles a DAG.

        Args:
          dag: The DAG, with a connection to ML Metadata.
          run_id: Names the run.
          use_cache: Allows results of earlier runs to be reused.

        Raises:
          RunError: ML Metadata cannot be reached.
        """
        # Each node connects anew, and would only raise an error of its library.
        open_store(dag.metadata_connection_config)
        self._dag: pipeline_pb2.Pipeline = compiler.Compiler().compile(dag)
        runtime_parameter_utils.substitute_runtime_parameter(
            self._dag, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        for node in self.nodes:
            if not use_cache or node.node_info.id in _NEVER_CACHED:
                node.execution_options.caching_options.enable_cache = False
        self._deployment = runner_utils.extract_local_deployment_config(self._dag)
        self._metadata = metadata.Metadata(dag.metadata_connection_config)

    @property
    def nodes(self) -> list[pipeline_pb2.PipelineNode]:
        """The nodes, in topological order."""
        return [node.pipeline_node for node in self._dag.nodes]

    def run(self, node: pipeline_pb2.PipelineNode) -> tuple[Outputs, bool]:
        """Runs a node.

        Returns:
          Its output artifacts by key, and whether they came from the cache.
        """
        name = node.node_info.id
        info = launcher.Launcher(
            pipeline_node=node,
            mlmd_connection=self._metadata,
            pipeline_info=self._dag.pipeline_info,
            pipeline_runtime_spec=self._dag.runtime_spec,
            executor_spec=runner_utils.extract_executor_spec(self._deployment, name),
            custom_driver_spec=runner_utils.extract_custom_driver_spec(
                self._deployment, name
            ),
        ).launch()
        if info is None:
            raise RuntimeError(f"{name}: TFX did not run it")
        with self._metadata as handle:
            (execution,) = handle.store.get_executions_by_id([info.execution_id])
            if not execution_lib.is_execution_successful(execution):
                # The launcher records that inputs could not be resolved, and returns.
                raise RuntimeError(f"{name}: its inputs could not be resolved")
            outputs = _live_outputs(handle, execution.id)
        # A resolver marks what it found as cached, but it did look.
        resolved = "Resolver" in node.node_info.type.name
        cached = execution.last_known_state == _Execution.CACHED and not resolved
        return outputs, cached


def _live_outputs(handle: metadata.Metadata, execution_id: int) -> Outputs:
    """Returns the outputs of an execution by key, without those that were lost."""
    events = [
        event
        for event in handle.store.get_events_by_execution_ids([execution_id])
        if event_lib.is_valid_output_event(event)
    ]
    ids = [event.artifact_id for event in events]
    artifacts = {
        each.id: each for each in artifact_lib.get_artifacts_by_ids(handle, ids)
    }
    outputs: defaultdict[str, list[types.Artifact]] = defaultdict(list)
    for event in events:
        artifact = artifacts[event.artifact_id]
        if artifact.mlmd_artifact.state == metadata_store_pb2.Artifact.LIVE:
            outputs[event.path.steps[0].key].append(artifact)
    return dict(outputs)
