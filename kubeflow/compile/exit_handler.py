"""Exit handler: a task that runs after all others, however these ended.

Kubeflow Pipelines runs it for a task with the trigger policy
ALL_UPSTREAM_TASKS_COMPLETED and exactly one dependency, from 2.4 on
(`backend/src/v2/compiler/argocompiler/dag.go` of github.com/kubeflow/pipelines). So all
other tasks go into one DAG.
"""

from __future__ import annotations

from kfp.pipeline_spec import pipeline_spec_pb2

from config.kubeflow import Task
from kubeflow.compile.spec_builder import SpecBuilder

NOTIFY = "Notify"
_TASKS = "Pipeline"

_Strategy = pipeline_spec_pb2.PipelineTaskSpec.TriggerPolicy.TriggerStrategy


def add_exit_handler(builder: SpecBuilder, settings: Task) -> None:
    """Adds the task that posts the outcome of a run, after all tasks so far."""
    builder.group_tasks(_TASKS)
    _, task = builder.add_task(NOTIFY, "kubeflow.task.notify", [], settings)
    task.dependent_tasks.append(_TASKS)
    task.trigger_policy.strategy = _Strategy.ALL_UPSTREAM_TASKS_COMPLETED
