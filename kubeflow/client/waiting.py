"""Progress, end and exit status of a run."""

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
# Retries while an API server moves to another node.
_RETRIES = 20

# Exit status of `ctr run`.
_RELEASED_OR_WAITING, _FAILED = 0, 1
# The task that fails to stop a run; tasks that block a candidate succeed.
_GATE = "examplevalidator"


def wait(
    client: Client,
    run_id: str,
    tasks: Collection[str],
    console: Console,
    every: float = 5.0,
) -> Any:
    """Waits until a run has ended, prints the state of its tasks, returns the run.

    Args:
      tasks: Names of the pipeline's tasks; the server also lists their drivers.
      every: Seconds between requests.
    """
    states: dict[str, str] = {}
    while True:
        run = _get_run(client, run_id, every)
        for task in _details(run):
            if task.display_name in tasks:
                _show(task, states, console)
        if run.state in _ENDED:
            return run
        time.sleep(every)


def exit_status(run: Any, tasks: Collection[str]) -> int:
    """Returns the exit status of `ctr run` for a run that has ended."""
    if run.state == _ENDED_WELL:
        return _RELEASED_OR_WAITING
    failed = failed_tasks(run, tasks)
    is_gate = [name.lower().replace("-", "") == _GATE for name in failed]
    return GateError.exit_status if is_gate and all(is_gate) else _FAILED


def failed_tasks(run: Any, tasks: Collection[str]) -> list[str]:
    """Returns the names of the pipeline's tasks that failed.

    The server lists all nodes of the Argo workflow: drivers, executors, groups of tasks
    and the workflow itself.
    """
    return [
        task.display_name
        for task in _details(run)
        if task.state == "FAILED" and task.display_name in tasks
    ]


def _get_run(client: Client, run_id: str, every: float) -> Any:
    """Returns the run; retries while the server is unavailable."""
    for _ in range(_RETRIES):
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
