"""Versions, schedules and runs of a pipeline, as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from config.console import aligned
from kubeflow.client.connection import Client
from kubeflow.client.pages import newest
from kubeflow.client.runs import find_experiment
from kubeflow.client.schedules import is_paused, list_schedules
from kubeflow.client.versions import find_pipeline

Rows = list[dict[str, Any]]


def listing(client: Client, pipeline: str, limit: int) -> dict[str, Rows]:
    """Returns rows of `versions`, `schedules` and `runs`, the newest first.

    Args:
      pipeline: Name of the pipeline.
      limit: Maximum number of versions, and of runs.
    """
    pipeline_id = find_pipeline(client, pipeline)
    versions, schedules, runs = [], [], []
    if pipeline_id:
        versions = newest(
            client.list_pipeline_versions,
            "pipeline_versions",
            limit,
            pipeline_id=pipeline_id,
        )
    names = {version.pipeline_version_id: version.display_name for version in versions}
    experiment_id = find_experiment(client, pipeline)
    if experiment_id:
        schedules = list_schedules(client, experiment_id)
        runs = newest(client.list_runs, "runs", limit, experiment_id=experiment_id)
    return {
        "versions": [_version(each) for each in versions],
        "schedules": _rows(schedules, names, _schedule),
        "runs": [
            {**row, "url": client.run_url(row["run_id"])}
            for row in _rows(runs, names, _run)
        ],
    }


def as_text(found: Mapping[str, Rows]) -> str:
    """Formats rows as tables, without ids."""
    blocks = []
    for title, rows in found.items():
        lines = [title, *_lines(rows)] if rows else [f"{title}: none"]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _rows(
    items: Sequence[Any],
    names: Mapping[str, str],
    row: Callable[[Any], dict[str, Any]],
) -> Rows:
    """Returns rows with the name of their version, or its id if it is not listed."""
    rows = []
    for item in items:
        reference = item.pipeline_version_reference
        version_id = reference.pipeline_version_id if reference else ""
        rows.append({**row(item), "version": names.get(version_id, version_id)})
    return rows


def _version(version: Any) -> dict[str, Any]:
    return {
        "version": version.display_name,
        "created": _time(version.created_at),
        "version_id": version.pipeline_version_id,
    }


def _schedule(schedule: Any) -> dict[str, Any]:
    trigger = schedule.trigger
    cron, interval = trigger.cron_schedule, trigger.periodic_schedule
    return {
        "name": schedule.display_name,
        "state": "paused" if is_paused(schedule) else "on",
        "when": cron.cron if cron else f"every {interval.interval_second} s",
        "max_concurrency": int(schedule.max_concurrency),
        "schedule_id": schedule.recurring_run_id,
    }


def _run(run: Any) -> dict[str, Any]:
    return {
        "name": run.display_name,
        "state": (run.state or "unknown").lower(),
        "created": _time(run.created_at),
        "run_id": run.run_id,
    }


def _time(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"


def _lines(rows: Rows) -> list[str]:
    columns = [key for key in rows[0] if not key.endswith("_id") and key != "url"]
    return aligned([columns, *([str(row[key]) for key in columns] for row in rows)])
