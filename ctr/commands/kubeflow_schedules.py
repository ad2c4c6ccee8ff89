"""`ctr kubeflow schedule | pause | resume | unschedule | list`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from config.errors import ConfigError
from ctr.commands.kubeflow_options import (
    add_connection,
    add_inputs,
    add_package,
    inputs_of,
    package_of,
    parameters_of,
    words_of,
)
from ctr.commands.options import Commands, add_config_options, load, positive, show

if TYPE_CHECKING:
    from config.root import Config
    from kubeflow.client.connection import Connection
    from kubeflow.client.package import Package
    from kubeflow.client.runs import Inputs

# The newest that is over when a run is due.
_DAY_BEFORE = 1
_ZONE = (
    "The cron expression is in the time zone of the server's controller: UTC, unless "
    "its CRON_SCHEDULE_TIMEZONE says otherwise"
)


def add(actions: Commands) -> None:
    """Adds the commands."""
    _add_schedule(actions)
    _add_change(actions, "pause", "pause a schedule")
    _add_change(actions, "resume", "resume a paused schedule")
    _add_change(actions, "unschedule", "delete a schedule; its runs are kept")
    _add_list(actions)


def _add_schedule(actions: Commands) -> None:
    action = actions.add_parser(
        "schedule", help="upload, and create or replace a schedule"
    )
    add_config_options(action)
    add_package(action)
    add_inputs(action)
    _add_name(action)
    when = action.add_mutually_exclusive_group(required=True)
    when.add_argument(
        "--cron",
        metavar="'S M H D M W'",
        help="six fields, the first is the second: '0 0 3 * * *' is 03:00 each day, "
        "in the time zone of the server's controller, UTC unless set otherwise",
    )
    when.add_argument("--every", metavar="INTERVAL", help="such as 90s, 30m, 12h or 1d")
    action.add_argument(
        "--max-concurrency",
        type=int,
        default=1,
        metavar="N",
        help="maximum number of its runs at a time, 1 to 10; by default 1",
    )
    action.add_argument(
        "--catch-up",
        action="store_true",
        help="run all missed dates; by default only the last",
    )
    action.add_argument(
        "--days-before",
        type=int,
        metavar="N",
        help="with examples.spans in days: the newest span of a run is so many "
        "days before it is due; by default 1, since the day itself is not over",
    )
    add_connection(action, _schedule)


def _add_change(actions: Commands, name: str, words: str) -> None:
    action = actions.add_parser(name, help=words)
    add_config_options(action)
    _add_name(action)
    add_connection(action, _change)


def _add_list(actions: Commands) -> None:
    action = actions.add_parser("list", help="versions, schedules and runs")
    add_config_options(action)
    action.add_argument(
        "--limit",
        type=positive,
        default=10,
        metavar="N",
        help="maximum number of versions, and of runs",
    )
    add_connection(action, _list)


def _add_name(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--name", help="name of the schedule; by default that of the pipeline"
    )


def _schedule(options: argparse.Namespace, connection: Connection) -> int:
    from kubeflow.client.connection import connect
    from kubeflow.client.schedules import (
        Timing,
        apply,
        read_cron,
        read_interval,
    )
    from kubeflow.client.versions import upload

    timing = Timing(
        cron=read_cron(options.cron) if options.cron is not None else None,
        every=read_interval(options.every) if options.every is not None else None,
        at_once=options.max_concurrency,
        catch_up=options.catch_up,
    )
    config = load(options)
    with package_of(options, config) as package:
        inputs = inputs_of(options, config, parameters_of(options, config, package))
        inputs = _dated(options, config, package, inputs)
        name = options.name or package.name
        with connect(connection) as client:
            version = upload(client, package)
            applied = apply(client, version, name, timing, inputs)
    told = {"name": name, **asdict(applied), **asdict(timing)}
    told |= {"version": version.name, "parameters": inputs.parameters}
    paused = "; it is paused, as before" if applied.paused else ""
    lines = [words_of(version), f"Schedule {name}: {applied.outcome}{paused}"]
    show(options, told, "\n".join([*lines, _ZONE] if timing.cron else lines))
    return 0


def _dated(
    options: argparse.Namespace, config: Config, package: Package, inputs: Inputs
) -> Inputs:
    """The inputs, with the day that each run reads where examples are in days."""
    from config.spans import has_dates
    from kubeflow.client.schedules import with_scheduled_date

    spans = config.examples.spans
    days = options.days_before
    if spans is None or not has_dates(spans.pattern):
        if days is not None:
            raise ConfigError("--days-before: examples.spans are no days; leave it out")
        return inputs
    days = _DAY_BEFORE if days is None else days
    return with_scheduled_date(inputs, package.parameters, days)


def _change(options: argparse.Namespace, connection: Connection) -> int:
    from kubeflow.client import schedules
    from kubeflow.client.connection import connect
    from kubeflow.names import pipeline_name

    change, outcome = {
        "pause": (schedules.pause, "paused"),
        "resume": (schedules.resume, "resumed"),
        "unschedule": (schedules.remove, "removed"),
    }[options.action]
    pipeline = pipeline_name(load(options).name)
    name = options.name or pipeline
    with connect(connection) as client:
        change(client, pipeline, name)
    show(options, {"name": name, "outcome": outcome}, f"Schedule {name}: {outcome}")
    return 0


def _list(options: argparse.Namespace, connection: Connection) -> int:
    from kubeflow.client.connection import connect
    from kubeflow.client.listing import as_text, listing
    from kubeflow.names import pipeline_name

    pipeline = pipeline_name(load(options).name)
    with connect(connection) as client:
        found = listing(client, pipeline, options.limit)
    show(options, found, as_text(found))
    return 0
