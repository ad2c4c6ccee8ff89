"""The date that a scheduled run is for.

No released Kubeflow Pipelines expands `[[ScheduledTime...]]` in the parameters of a
schedule that is pinned to a version of a v2 pipeline. What it hands to a task is the
placeholder `{{$.pipeline_job_schedule_time_utc}}`: as a time in RFC 3339 from 2.17 on
(for a manual run that of its creation), empty on 2.16, and the literal before
(`backend/src/v2/cmd/driver/main.go` of github.com/kubeflow/pipelines). So a schedule
passes a span such as `scheduled-1d`, and the task resolves it by the placeholder or,
where that has no value, by the time at which the run began.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

# The run parameter: the newest span.
SPAN = "span"

MAX_DAYS_BEFORE = 9999
_SCHEDULED = re.compile(r"scheduled(?:-(?P<days>\d{1,4})d)?")


def scheduled_span(days_before: int) -> str:
    """Returns the span of a day counted back from the day a run is due."""
    return f"scheduled-{days_before}d" if days_before else "scheduled"


def is_scheduled(span: str) -> bool:
    """Returns True for `scheduled` and the like of `scheduled-1d`."""
    return _SCHEDULED.fullmatch(span) is not None


def resolve_span(span: str, due: datetime) -> str:
    """Replaces `scheduled` and `scheduled-Nd` by a date.

    Args:
      span: The run parameter.
      due: The time at which the run is due, with its time zone.

    Returns:
      The date N days before that time in UTC, such as `2026-11-20`; any other span as
      it is.
    """
    matched = _SCHEDULED.fullmatch(span)
    if matched is None:
        return span
    day = due.astimezone(timezone.utc).date()
    return (day - timedelta(days=int(matched["days"] or 0))).isoformat()


def read_schedule_time(value: str) -> datetime | None:
    """Reads the value of Kubeflow's placeholder for the time at which a run is due.

    Args:
      value: A time in RFC 3339, or what servers before 2.17 leave: nothing, or the
        placeholder itself.

    Returns:
      The time with its time zone; None where the server gave none.
    """
    # Python 3.10 does not read the Z of RFC 3339.
    text = value.strip().replace("Z", "+00:00")
    if not text or text.startswith("{{$"):
        return None
    return datetime.fromisoformat(text)
