"""Recurring runs, which Kubeflow Pipelines starts by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from config.errors import ConfigError, KubeflowError
from kubeflow.client.connection import Client
from kubeflow.client.package import Parameter
from kubeflow.client.pages import all_of, named
from kubeflow.client.runs import Inputs, find_experiment, make_experiment
from kubeflow.client.versions import Version
from kubeflow.task.scheduled_date import MAX_DAYS_BEFORE, SPAN, scheduled_span

# Of the server, which silently takes the nearest for others.
LEAST_AT_ONCE, MOST_AT_ONCE = 1, 10
_PAUSED = "DISABLED"


@dataclass(frozen=True)
class Timing:
    """When a schedule fires; it has either a cron expression or an interval.

    Attributes:
      cron: Six fields, in the time zone of the server's controller: UTC unless its
        CRON_SCHEDULE_TIMEZONE says otherwise.
      every: Seconds between runs.
      at_once: How many of its runs may be under way at a time.
      catch_up: Whether runs that were missed, such as while it was paused, are made
        up for one by one; else only the last of them is.
    """

    cron: str | None
    every: int | None
    at_once: int = 1
    catch_up: bool = False

    def __post_init__(self) -> None:
        """Refuses what the server would silently change."""
        if (self.cron is None) == (self.every is None):
            raise ConfigError("give either --cron or --every")
        if not LEAST_AT_ONCE <= self.at_once <= MOST_AT_ONCE:
            raise ConfigError(
                f"--max-concurrency: got {self.at_once}; allowed are {LEAST_AT_ONCE} "
                f"to {MOST_AT_ONCE}"
            )


@dataclass(frozen=True)
class Applied:
    """What became of a schedule.

    Attributes:
      schedule_id: Its id.
      outcome: `made`, `replaced`, or `unchanged`.
      paused: Whether it is paused.
    """

    schedule_id: str
    outcome: str
    paused: bool


def with_scheduled_date(
    inputs: Inputs, declared: Mapping[str, Parameter], days_before: int
) -> Inputs:
    """Sets the newest span of each run to a day before it is due.

    The task resolves it: see `kubeflow.task.scheduled_date`.

    Args:
      inputs: What each run is given.
      declared: The pipeline's parameters, by name.
      days_before: How many days before.

    Returns:
      The inputs, with a span where the pipeline takes one and none was given.

    Raises:
      ConfigError: It is no such number of days.
    """
    if SPAN not in declared or SPAN in inputs.parameters:
        return inputs
    if not 0 <= days_before <= MAX_DAYS_BEFORE:
        raise ConfigError(
            f"--days-before: got {days_before}; allowed are 0 to {MAX_DAYS_BEFORE}"
        )
    span = scheduled_span(days_before)
    return replace(inputs, parameters={**inputs.parameters, SPAN: span})


def apply(
    client: Client, version: Version, name: str, timing: Timing, inputs: Inputs
) -> Applied:
    """Makes a schedule what is asked for.

    The server cannot change one, so it is replaced, unless it is as asked already: a
    new one would count its interval anew. The new one is made before the old one goes,
    so that no failure leaves nothing scheduled; a paused one stays paused.

    Args:
      client: Connected.
      version: What its runs run, also after another version is uploaded.
      name: Names the schedule.
      timing: When it fires.
      inputs: What each run is given.

    Returns:
      What became of it.
    """
    mark = _mark(version, timing, inputs)
    experiment_id = make_experiment(client, version.pipeline)
    before = find(client, experiment_id, name)
    paused = any(is_paused(old) for old in before)
    same = [old for old in before if mark in (old.description or "").split()]
    keep = same[0].recurring_run_id if same else None
    if keep is None:
        keep = _make(client, experiment_id, version, name, timing, inputs, mark, paused)
    for old in before:
        if old.recurring_run_id != keep:
            client.delete_recurring_run(old.recurring_run_id)
    outcome = "unchanged" if same else "replaced" if before else "made"
    return Applied(schedule_id=keep, outcome=outcome, paused=paused)


def pause(client: Client, pipeline: str, name: str) -> None:
    """No run is started any more; those under way go on."""
    for schedule in _existing(client, pipeline, name):
        client.disable_recurring_run(schedule.recurring_run_id)


def resume(client: Client, pipeline: str, name: str) -> None:
    """Runs are started again, and at once if one was missed."""
    for schedule in _existing(client, pipeline, name):
        client.enable_recurring_run(schedule.recurring_run_id)


def remove(client: Client, pipeline: str, name: str) -> None:
    """Deletes a schedule; its runs stay."""
    for schedule in _existing(client, pipeline, name):
        client.delete_recurring_run(schedule.recurring_run_id)


def find(client: Client, experiment_id: str, name: str) -> list[Any]:
    """The schedules of a name: one, unless someone else made others."""
    return all_of(
        client.list_recurring_runs,
        "recurring_runs",
        experiment_id=experiment_id,
        filter=named(name),
    )


def list_schedules(client: Client, experiment_id: str) -> list[Any]:
    """All schedules of an experiment."""
    return all_of(
        client.list_recurring_runs, "recurring_runs", experiment_id=experiment_id
    )


def is_paused(schedule: Any) -> bool:
    """Whether a schedule starts no runs for now."""
    return bool(schedule.status == _PAUSED)


def _existing(client: Client, pipeline: str, name: str) -> list[Any]:
    experiment_id = find_experiment(client, pipeline)
    every = list_schedules(client, experiment_id) if experiment_id else []
    found = [each for each in every if each.display_name == name]
    if not found:
        there = ", ".join(sorted({each.display_name for each in every})) or "none"
        raise KubeflowError(f"no schedule is named {name!r}; there are: {there}")
    return found


def _make(
    client: Client,
    experiment_id: str,
    version: Version,
    name: str,
    timing: Timing,
    inputs: Inputs,
    mark: str,
    paused: bool,
) -> str:
    made = client.create_recurring_run(
        experiment_id,
        name,
        description=f"Version {version.name}. Made by ctr kubeflow schedule: {mark}",
        cron_expression=timing.cron,
        interval_second=timing.every,
        max_concurrency=timing.at_once,
        no_catchup=not timing.catch_up,
        params=dict(inputs.parameters),
        pipeline_id=version.pipeline_id,
        version_id=version.version_id,
        enabled=not paused,
        pipeline_root=inputs.pipeline_root,
        service_account=inputs.service_account,
    )
    return str(made.recurring_run_id)


def _mark(version: Version, timing: Timing, inputs: Inputs) -> str:
    """Names all that a schedule is made of.

    It stands in its description, since servers return parameters, times and defaults
    in spellings of their own.
    """
    settings = [version.version_id, asdict(timing), asdict(inputs)]
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
