"""Task of Kubeflow Pipelines that runs one node of the DAG."""

from __future__ import annotations

import logging
import os
from collections.abc import Container

from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.orchestration import pipeline as tfx_pipeline

from config.errors import RunError
from config.root import Config
from kubeflow.compile.parameters import with_run_parameters
from kubeflow.compile.spec_builder import NOTHING, SCHEDULE_TIME
from kubeflow.task.dashboard import shown_suffix, write_shown
from kubeflow.task.inputs import check_copies, parameters_of, run_id_of
from kubeflow.task.metadata import connection_of, forget_results, start_time
from kubeflow.task.outputs import (
    artifact_with_metadata,
    import_uri,
    keep_folder,
    made_artifact,
    write_result,
)
from kubeflow.task.paths import local_path, model_dir_of, uri_of
from kubeflow.task.scheduled_date import SPAN, read_schedule_time, resolve_span
from pipeline.dag import create_pipeline
from pipeline.run.nodes import NodeRunner, Outputs

_log = logging.getLogger(__name__)


class KubeflowTask:
    """A node of a run, with its inputs and outputs on Kubeflow.

    Args:
      node: Id of the node.
      config: The configuration that was compiled.

    Raises:
      ConfigError: The value of a run parameter is not allowed.
      KubeflowError: The server is older than 2.5.
    """

    def __init__(
        self,
        node: str,
        config: Config,
        executor_input: pipeline_spec_pb2.ExecutorInput,
    ):
        self._node = node
        self._inputs = executor_input.inputs
        self._outputs = executor_input.outputs
        values = parameters_of(self._inputs)
        self._run_id = run_id_of(values)
        self._connection = connection_of(config)
        if SPAN in values:
            due = read_schedule_time(values[SCHEDULE_TIME])
            due = due or start_time(self._connection, self._run_id)
            values[SPAN] = resolve_span(values[SPAN], due)
        self._config = with_run_parameters(config, values)

    def run(self) -> None:
        """Runs the node, and writes its outputs for the backend."""
        if not self._is_shared:
            check_copies(self._connection, self._inputs)
            forget_results(self._connection, self._run_id, self._node)
        runner = NodeRunner(self._dag(), self._run_id, use_cache=self._is_shared)
        nodes = {node.node_info.id: node for node in runner.nodes}
        if self._node not in nodes:
            raise RunError(
                f"{self._node}: unknown component in the image's code; compile with "
                "the code of the image"
            )
        outputs, cached = runner.run(nodes[self._node])
        _log.info("%s: %s", self._node, "served from the cache" if cached else "done")
        self._write(outputs, nodes[self._node].outputs.outputs)

    @property
    def _is_shared(self) -> bool:
        """True if all tasks share a folder of artifacts."""
        return self._config.kubeflow.artifacts is not None

    def _dag(self) -> tfx_pipeline.Pipeline:
        shared = self._config.kubeflow.artifacts
        name = self._config.name
        return create_pipeline(
            self._config,
            os.path.join(shared, name) if shared else self._own_folder(),
            model_dir_of(self._config),
            self._connection,
            can_see_artifacts=self._is_shared,
        )

    def _own_folder(self) -> str:
        """Returns the local folder of the task's outputs.

        The launcher uploads from the folder of the run only, which it does not name;
        the outputs are below it.
        """
        for artifacts in self._outputs.artifacts.values():
            return os.path.dirname(local_path(artifacts.artifacts[0].uri))
        # A resolver without imported outputs writes no files.
        return ""

    def _write(self, outputs: Outputs, keys: Container[str]) -> None:
        """Writes the outputs that the node declares, by `keys`.

        The launcher writes those that the driver adds, such as `executor-logs`.

        Raises:
          RunError: An output is missing.
        """
        result = pipeline_spec_pb2.ExecutorOutput()
        for key, declared in self._outputs.artifacts.items():
            uri = declared.artifacts[0].uri
            if key == NOTHING:
                keep_folder(local_path(uri))
            elif key in keys:
                made = made_artifact(outputs, key)
                artifact = artifact_with_metadata(made)
                if not self._is_shared:
                    keep_folder(made.uri)
                    artifact.uri = uri_of(made.uri)
                result.artifacts[key].artifacts.append(artifact)
            elif suffix := shown_suffix(key):
                report = made_artifact(outputs, key.removesuffix(suffix))
                shown = write_shown(report.uri, suffix, local_path(uri))
                result.artifacts[key].artifacts.add(uri=uri).metadata.update(shown)
        for key in self._outputs.parameters:
            result.parameter_values[key].string_value = self._import_uri(outputs, key)
        write_result(self._outputs, result)

    def _import_uri(self, outputs: Outputs, key: str) -> str:
        paths = [artifact.uri for artifact in outputs.get(key, [])]
        return import_uri(self._outputs, paths[0] if paths else None)
