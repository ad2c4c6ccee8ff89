"""Runs a DAG on this machine, component by component, through Beam."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.compiler import compiler, constants
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2

from pipeline.best_possible import best_possible_auc
from pipeline.config import Config
from pipeline.dag import create_pipeline
from pipeline.errors import (
    GateError,
    RunError,
    UserError,
    find_user_error,
)
from pipeline.metadata import connection_config
from pipeline.outcome import blocked_by, read_outcome
from pipeline.progress import Progress
from pipeline.report_files import keep_report, report_stop
from pipeline.summary import (
    SUMMARY_FILE,
    TEXT_FILE,
    ComponentTime,
    Summary,
    as_text,
)
from pipeline.trials import PLOT_FILE
from pipeline.trials_plot import write_plot
from pipeline.workdir import LOG_FILE, WorkDir, disk_full

Outputs = dict[str, list[types.Artifact]]

# Not of our packages: what they log is shown as progress.
_log = logging.getLogger("ctr")

_Execution = metadata_store_pb2.Execution

# What was released is no artifact, and may be gone; a person may have decided
# meanwhile. Releasing what is released already changes nothing.
_NEVER_CACHED = ("ReleaseGate", "Pusher")


def run_pipeline(
    config: Config,
    work_dir: WorkDir,
    folder: Path,
    progress: Progress,
    started: float,
) -> Summary:
    """Runs the DAG of a configuration.

    TFX's LocalDagRunner does the same, but tells nothing while it runs and leaves no
    record of what came from the cache.

    Args:
      config: The configuration.
      work_dir: Where everything goes; this process holds its lock.
      folder: The folder of this run; its name is the run's id.
      progress: Is told of each component.
      started: `time.monotonic()` when the command started.

    Returns:
      The summary, which is on disk too, and which `latest` points to.
    """
    # First, since it may be an error: nothing is released then.
    best_auc = best_possible_auc(config)
    runner = _NodeRunner(config, work_dir, folder.name)
    times: list[ComponentTime] = []
    outputs: dict[str, Outputs] = {}
    try:
        for node in runner.nodes:
            name = node.node_info.id
            progress.start(name)
            began, cached = time.monotonic(), False
            try:
                outputs[name], cached = runner.run(node)
            except Exception as error:
                raise _explained(error, name, work_dir, folder) from error
            finally:
                seconds = round(time.monotonic() - began, 1)
                times.append(ComponentTime(id=name, seconds=seconds, cached=cached))
            progress.end(seconds, cached)
        summary = read_outcome(folder.name, outputs)
        page = keep_report(outputs, folder)
    except GateError as error:
        summary = blocked_by(error, folder.name)
        page = report_stop(config, outputs, folder, str(error))
    summary.report = str(page)
    summary.best_possible_auc = best_auc
    summary.components = times
    summary.wall_seconds = round(time.monotonic() - started, 1)
    if summary.trials and config.tuning is not None:
        write_plot(summary.trials, config.tuning.space, folder / PLOT_FILE)
    (folder / TEXT_FILE).write_text(as_text(summary))
    (folder / SUMMARY_FILE).write_text(summary.model_dump_json(indent=2))
    work_dir.publish(folder)
    return summary


class _NodeRunner:
    """Runs the nodes of a compiled DAG."""

    def __init__(self, config: Config, work_dir: WorkDir, run_id: str):
        connection = connection_config(config, work_dir)
        model_dir = config.release.model_dir or str(work_dir.models(config.name))
        dag = create_pipeline(config, str(work_dir.artifacts), model_dir, connection)
        self._dag: pipeline_pb2.Pipeline = compiler.Compiler().compile(dag)
        runtime_parameter_utils.substitute_runtime_parameter(
            self._dag, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        for node in self.nodes:
            if node.node_info.id in _NEVER_CACHED:
                node.execution_options.caching_options.enable_cache = False
        self._deployment = runner_utils.extract_local_deployment_config(self._dag)
        self._metadata = metadata.Metadata(connection)

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
            outputs = execution_lib.get_output_artifacts(handle, execution.id)
        # A resolver marks what it found as cached, but it did look.
        resolved = "Resolver" in node.node_info.type.name
        cached = execution.last_known_state == _Execution.CACHED and not resolved
        return outputs, cached


def _explained(
    error: Exception, component: str, work_dir: WorkDir, folder: Path
) -> UserError:
    """The error that a person is shown for one that a component raised."""
    user_error = find_user_error(error)
    if user_error is not None:
        return user_error
    words = str(error).strip().splitlines() or [""]
    if any("No space left" in line or "disk is full" in line for line in words):
        return disk_full(work_dir.path)
    _log.error("%s failed", component, exc_info=error)
    return RunError(
        f"{component} failed: {type(error).__name__}: {words[-1]}; the log is "
        f"{folder / LOG_FILE}"
    )
