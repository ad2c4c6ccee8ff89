"""Waiting for a run to end, with progress."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

import urllib3
from kfp_server_api import ApiException
from rich.console import Console

from config.console import say
from config.errors import GateError
from kubeflow.client.connection import Client

_ENDED_WELL = "SUCCEEDED"
_ENDED = (_ENDED_WELL, "SKIPPED", "FAILED", "CANCELED")
_SERVER_FAULT = 500
# As long as an API server takes to be moved to another node.
_PATIENCE = 20

# The exit status of `ctr run` for the same ends.
_RELEASED_OR_WAITING, _FAILED = 0, 1
# The task that fails to stop a run on purpose; what blocks a candidate succeeds.
_GATE = "examplevalidator"


def wait(
    client: Client,
    run_id: str,
    tasks: Collection[str],
    console: Console,
    every: float = 5.0,
) -> Any:
    """Waits until a run has ended, and prints what becomes of its tasks.

    Args:
      client: Connected.
      run_id: The run.
      tasks: The names of the pipeline's tasks; what else the server lists, such as the
        driver of each task, is not shown.
      console: Shows progress.
      every: Seconds between questions.

    Returns:
      The run as the server has it in the end.
    """
    states: dict[str, str] = {}
    while True:
        run = _ask(client, run_id, every)
        for task in _details(run):
            if task.display_name in tasks:
                _show(task, states, console)
        if run.state in _ENDED:
            return run
        time.sleep(every)


def exit_status(run: Any, tasks: Collection[str]) -> int:
    """Returns the exit status of `ctr run` for a run that has ended.

    Args:
      run: The run as the server has it.
      tasks: The names of the pipeline's tasks.
    """
    if run.state == _ENDED_WELL:
        return _RELEASED_OR_WAITING
    failed = failed_tasks(run, tasks)
    is_gate = [name.lower().replace("-", "") == _GATE for name in failed]
    return GateError.exit_status if is_gate and all(is_gate) else _FAILED


def failed_tasks(run: Any, tasks: Collection[str]) -> list[str]:
    """Returns the tasks of the pipeline that failed.

    The server lists all nodes of the Argo workflow: drivers, executors, groups of tasks
    and the workflow itself, under its own name.

    Args:
      run: The run as the server has it.
      tasks: The names of the pipeline's tasks.
    """
    return [
        task.display_name
        for task in _details(run)
        if task.state == "FAILED" and task.display_name in tasks
    ]


def _ask(client: Client, run_id: str, every: float) -> Any:
    """The run; a server that is not there for a while is no end of a run."""
    for _ in range(_PATIENCE):
        try:
            return client.get_run(run_id)
        except urllib3.exceptions.HTTPError:
            time.sleep(every)
        except ApiException as error:
            if error.status < _SERVER_FAULT:
                raise
            time.sleep(every)
    return client.get_run(run_id)


def _details(run: Any) -> list[Any]:
    return (run.run_details and run.run_details.task_details) or []


def _show(task: Any, states: dict[str, str], console: Console) -> None:
    name = task.display_name
    if task.state is None or states.get(name) == task.state:
        return
    states[name] = task.state
    say(console, f"{name}: {_words(task)}")


def _words(task: Any) -> str:
    if task.state == _ENDED_WELL and task.start_time and task.end_time:
        return f"{(task.end_time - task.start_time).total_seconds():.0f} s"
    if task.state == "SKIPPED":
        return "cached"
    words = str(task.state).lower()
    if task.error is not None and task.error.message:
        return f"{words}: {' '.join(task.error.message.split())}"
    return words
