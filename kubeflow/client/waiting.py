"""Progress, end and exit status of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import urllib3
from kfp_server_api import ApiException
from rich.console import Console

from config.console import say
from config.errors import GateError
from kubeflow.client.connection import Client

_ENDED_WELL = "SUCCEEDED"
_ENDED = (_ENDED_WELL, "SKIPPED", "FAILED", "CANCELED")
# Served from Kubeflow's cache: before 3.0, and from it on.
_CACHED = ("SKIPPED", "CACHED")
_SERVER_FAULT = 500
# Retries while an API server moves to another node.
_RETRIES = 20

# Exit status of `ctr run`.
_RELEASED_OR_WAITING, _FAILED = 0, 1
# The task that fails to stop a run; tasks that block a candidate succeed.
_GATE = "examplevalidator"

_T = TypeVar("_T")


@dataclass(frozen=True)
class TaskState:
    """State of a task.

    Attributes:
      state: Such as RUNNING or FAILED.
      seconds: Its duration; None before its end.
      message: Message of an error; may be empty.
    """

    name: str
    state: str
    seconds: float | None
    message: str

    def in_words(self) -> str:
        """Returns the state in words, or how long the task took."""
        if self.state == _ENDED_WELL and self.seconds is not None:
            return f"{self.seconds:.0f} s"
        if self.state in _CACHED:
            return "cached"
        words = self.state.lower()
        return f"{words}: {self.message}" if self.message else words


@dataclass(frozen=True)
class RunState:
    """State of a run, and of the tasks of its pipeline that the server lists."""

    state: str
    tasks: tuple[TaskState, ...]

    @property
    def failed_tasks(self) -> list[str]:
        """Names of the tasks that failed."""
        return [task.name for task in self.tasks if task.state == "FAILED"]

    @property
    def exit_status(self) -> int:
        """The exit status of `ctr run` for a run that has ended."""
        if self.state == _ENDED_WELL:
            return _RELEASED_OR_WAITING
        failed = self.failed_tasks
        is_gate = [name.lower().replace("-", "") == _GATE for name in failed]
        return GateError.exit_status if is_gate and all(is_gate) else _FAILED


def wait(
    client: Client,
    run_id: str,
    tasks: Collection[str],
    console: Console,
    every: float = 5.0,
) -> RunState:
    """Waits until a run has ended, and prints the state of its tasks.

    Args:
      tasks: Names of the pipeline's tasks; the server also lists all other nodes of the
        Argo workflow: drivers, groups of tasks and the workflow itself.
      every: Seconds between requests.
    """
    states: dict[str, str] = {}
    while True:
        run = _retried(lambda: client.get_run(run_id), every)
        listed = (run.run_details and run.run_details.task_details) or None
        found = (
            map(_task, listed)
            if listed is not None
            else map(_native_task, _retried(lambda: client.list_tasks(run_id), every))
        )
        own = tuple(task for task in found if task.state and task.name in tasks)
        for task in own:
            if states.get(task.name) != task.state:
                states[task.name] = task.state
                say(console, f"{task.name}: {task.in_words()}")
        if run.state in _ENDED:
            return RunState(run.state, own)
        time.sleep(every)


def _retried(request: Callable[[], _T], every: float) -> _T:
    """Repeats a request while the server is unavailable."""
    for _ in range(_RETRIES):
        try:
            return request()
        except urllib3.exceptions.HTTPError:
            time.sleep(every)
        except ApiException as error:
            if error.status < _SERVER_FAULT:
                raise
            time.sleep(every)
    return request()


def _task(detail: Any) -> TaskState:
    """Reads a task as servers before 3.0 list them, in the details of a run."""
    message = detail.error.message if detail.error is not None else None
    return TaskState(
        detail.display_name,
        detail.state or "",
        _seconds(detail.start_time, detail.end_time),
        " ".join((message or "").split()),
    )


def _native_task(tree: Mapping[str, Any]) -> TaskState:
    """Reads a task as servers from 3.0 on list them, by a request of its own."""
    start, end = (
        datetime.fromisoformat(tree[key].replace("Z", "+00:00"))
        if tree.get(key)
        else None
        for key in ("start_time", "end_time")
    )
    message = (tree.get("error") or {}).get("message") or ""
    return TaskState(
        tree.get("display_name") or tree.get("name", ""),
        tree.get("state", ""),
        _seconds(start, end),
        " ".join(message.split()),
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None
