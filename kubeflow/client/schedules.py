"""Schedules: recurring runs of a pipeline, and their timing."""

from __future__ import annotations

import hashlib
import json
import re
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

# Limits of the server.
_MIN_CONCURRENCY, _MAX_CONCURRENCY = 1, 10
_PAUSED = "DISABLED"

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_CRON_FIELDS = 6


@dataclass(frozen=True)
class Timing:
    """Timing of a schedule, by either a cron expression or an interval.

    Attributes:
      cron: Six fields, in the time zone of the server's controller, which is UTC unless
        its CRON_SCHEDULE_TIMEZONE is set.
      every: Seconds between runs.
      at_once: Maximum number of its runs at a time, 1 to 10. Defaults to 1.
      catch_up: Start all missed runs, such as those while it was paused, one by one.
        Defaults to False: only the last one is started.
    """

    cron: str | None
    every: int | None
    at_once: int = 1
    catch_up: bool = False

    def __post_init__(self) -> None:
        if (self.cron is None) == (self.every is None):
            raise ConfigError("give either --cron or --every")
        if not _MIN_CONCURRENCY <= self.at_once <= _MAX_CONCURRENCY:
            raise ConfigError(
                f"--max-concurrency: got {self.at_once}; allowed: {_MIN_CONCURRENCY} "
                f"to {_MAX_CONCURRENCY}"
            )


@dataclass(frozen=True)
class Applied:
    """Result of `apply`.

    Attributes:
      outcome: `made`, `replaced`, or `unchanged`.
    """

    schedule_id: str
    outcome: str
    paused: bool


def read_cron(text: str) -> str:
    """Returns a cron expression of six fields, as Kubeflow Pipelines expects.

    The server checks the fields, but accepts five of them, and reads the first as the
    second: `0 3 * * *` would run each hour at three minutes past.

    Raises:
      ConfigError: There are not six fields.
    """
    fields = text.split()
    if len(fields) != _CRON_FIELDS:
        raise ConfigError(
            f"--cron: got {len(fields)} fields in {text!r}; expected six: second "
            "minute hour day month weekday, such as '0 0 3 * * *' for 03:00 each day"
        )
    return " ".join(fields)


def read_interval(text: str) -> int:
    """Returns the seconds of an interval such as `90s`, `30m`, `12h` or `1d`."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if match is None or int(match[1]) == 0:
        raise ConfigError(
            f"--every: got {text!r}; expected such as 90s, 30m, 12h or 1d"
        )
    return int(match[1]) * _UNITS[match[2]]


def with_scheduled_date(
    inputs: Inputs, declared: Mapping[str, Parameter], days_before: int
) -> Inputs:
    """Sets the newest span of each run to a day before the run is due.

    Inputs that have a span, and those of pipelines without spans, stay as they are. The
    task resolves the span; see `kubeflow.task.scheduled_date`.

    Args:
      declared: The pipeline's parameters by name.

    Raises:
      ConfigError: The number of days is out of range.
    """
    if SPAN not in declared or SPAN in inputs.parameters:
        return inputs
    if not 0 <= days_before <= MAX_DAYS_BEFORE:
        raise ConfigError(
            f"--days-before: got {days_before}; allowed: 0 to {MAX_DAYS_BEFORE}"
        )
    span = scheduled_span(days_before)
    return replace(inputs, parameters={**inputs.parameters, SPAN: span})


def apply(
    client: Client, version: Version, name: str, timing: Timing, inputs: Inputs
) -> Applied:
    """Creates or replaces a schedule, pinned to a version.

    The server cannot change a schedule. An identical one is kept, since a new one would
    restart its interval; any other is deleted after the new one is created, so that no
    failure leaves nothing scheduled. A paused schedule stays paused.
    """
    mark = _mark(version, timing, inputs)
    experiment_id = make_experiment(client, version.pipeline)
    existing = _find(client, experiment_id, name)
    paused = any(is_paused(each) for each in existing)
    same = [each for each in existing if mark in (each.description or "").split()]
    if same:
        schedule_id, outcome = same[0].recurring_run_id, "unchanged"
    else:
        outcome = "replaced" if existing else "made"
        created = client.create_recurring_run(
            experiment_id,
            name,
            description=f"Version {version.name}. Made by ctr kubeflow schedule: "
            f"{mark}",
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
        schedule_id = str(created.recurring_run_id)
    for each in existing:
        if each.recurring_run_id != schedule_id:
            client.delete_recurring_run(each.recurring_run_id)
    return Applied(schedule_id, outcome, paused)


def pause(client: Client, pipeline: str, name: str) -> None:
    """Starts no more runs; those in progress continue."""
    for schedule in _existing(client, pipeline, name):
        client.disable_recurring_run(schedule.recurring_run_id)


def resume(client: Client, pipeline: str, name: str) -> None:
    """Starts runs again, the first at once if one was missed."""
    for schedule in _existing(client, pipeline, name):
        client.enable_recurring_run(schedule.recurring_run_id)


def remove(client: Client, pipeline: str, name: str) -> None:
    """Deletes a schedule, but not its runs."""
    for schedule in _existing(client, pipeline, name):
        client.delete_recurring_run(schedule.recurring_run_id)


def list_schedules(client: Client, experiment_id: str) -> list[Any]:
    """Returns all schedules of an experiment."""
    return all_of(
        client.list_recurring_runs, "recurring_runs", experiment_id=experiment_id
    )


def is_paused(schedule: Any) -> bool:
    """Returns True if a schedule is paused."""
    return bool(schedule.status == _PAUSED)


def _existing(client: Client, pipeline: str, name: str) -> list[Any]:
    experiment_id = find_experiment(client, pipeline)
    schedules = list_schedules(client, experiment_id) if experiment_id else []
    found = [each for each in schedules if each.display_name == name]
    if not found:
        names = ", ".join(sorted({each.display_name for each in schedules})) or "none"
        raise KubeflowError(f"no schedule is named {name!r}; existing: {names}")
    return found


def _find(client: Client, experiment_id: str, name: str) -> list[Any]:
    """Returns the schedules of a name: one, unless others were created by hand."""
    return all_of(
        client.list_recurring_runs,
        "recurring_runs",
        experiment_id=experiment_id,
        filter=named(name),
    )


def _mark(version: Version, timing: Timing, inputs: Inputs) -> str:
    """Returns a digest of a schedule's settings for its description.

    Settings cannot be compared: servers return parameters, times and defaults in other
    spellings.
    """
    settings = [version.version_id, asdict(timing), asdict(inputs)]
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
