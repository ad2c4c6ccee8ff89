"""Runs a DAG on this machine, component by component, through Beam."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import grpc
from tfx.orchestration import pipeline as tfx_pipeline

from components.evaluation_report.content import read_content
from components.example_gen.spans import spans_of
from components.shared.result_cache import trim
from config.errors import (
    GateError,
    RunError,
    UserError,
    find_user_error,
)
from config.root import Config
from pipeline.dag import create_pipeline
from pipeline.metadata import connection_config
from pipeline.progress import Progress
from pipeline.run.best_possible import best_possible_auc
from pipeline.run.nodes import NodeRunner, Outputs
from pipeline.run.outcome import blocked_by, read_outcome
from pipeline.run.report_files import keep_report, report_stop
from pipeline.run.summary import (
    TEXT_FILE,
    ComponentTime,
    Summary,
    as_text,
    write_summary,
)
from pipeline.run.trials import PLOT_FILE
from pipeline.run.trials_plot import write_plot
from pipeline.workdir import LOG_FILE, WorkDir, disk_full

# Of the cache, when a run starts.
_MOST_CACHE_BYTES = 5 << 30

# Not of our packages: what they log is shown as progress.
_log = logging.getLogger("ctr")


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
      work_dir: The work directory, which this process has locked.
      folder: The folder of this run; its name is the run's id.
      progress: Is told of each component.
      started: `time.monotonic()` when the command started.

    Returns:
      The summary, which is on disk too, and which `latest` points to.
    """
    # First, since it may be an error: nothing is released then.
    best_auc = best_possible_auc(config)
    trim(work_dir.cache, _MOST_CACHE_BYTES)
    runner = NodeRunner(local_dag(config, work_dir), folder.name)
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
        summary = read_outcome(folder.name, outputs, work_dir.model_dir(config))
        page = keep_report(outputs, folder)
    except GateError as error:
        summary = blocked_by(error, folder.name)
        page = report_stop(config, outputs, folder, str(error))
    (examples,) = outputs["ExampleGen"]["examples"]
    summary.spans = spans_of(examples)
    summary.report = str(page)
    summary.anomalies = [*read_content(str(folder)).data.anomalies]
    summary.best_possible_auc = best_auc
    summary.components = times
    summary.wall_seconds = round(time.monotonic() - started, 1)
    if summary.trials and config.tuning is not None:
        write_plot(summary.trials, config.tuning.space, folder / PLOT_FILE)
    (folder / TEXT_FILE).write_text(as_text(summary))
    write_summary(summary, folder)
    work_dir.publish(folder)
    return summary


def local_dag(config: Config, work_dir: WorkDir) -> tfx_pipeline.Pipeline:
    """Builds the DAG of a configuration with all that it keeps in a work directory."""
    return create_pipeline(
        config,
        str(work_dir.artifacts),
        work_dir.model_dir(config),
        connection_config(config, work_dir),
        cache=os.path.relpath(work_dir.cache, work_dir.artifacts),
    )


def _explained(
    error: Exception, component: str, work_dir: WorkDir, folder: Path
) -> UserError:
    """The error that a person is shown for one that a component raised."""
    user_error = find_user_error(error)
    if user_error is not None:
        return user_error
    if any(words in str(error) for words in ("No space left", "disk is full")):
        return disk_full(work_dir.path)
    _log.error("%s failed", component, exc_info=error)
    return RunError(
        f"{component} failed: {in_one_line(error)}; the log is {folder / LOG_FILE}"
    )


def in_one_line(error: Exception) -> str:
    """The kind of an error and the last line of its message.

    An error of gRPC, such as of Beam with a job server that has died, has its status
    before the last line.
    """
    if isinstance(error, grpc.RpcError) and isinstance(error, grpc.Call):
        return f"gRPC: {error.code().name}: {error.details()}"
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[-1]}"
