"""Spans relative to the date of a scheduled run.

No released Kubeflow Pipelines expands `[[ScheduledTime...]]` in the parameters of a
schedule that is pinned to a version of a v2 pipeline. Tasks get the placeholder
`{{$.pipeline_job_schedule_time_utc}}`: as a time in RFC 3339 from 2.17 on (for a manual
run that of its creation), empty on 2.16, and the literal before
(`backend/src/v2/cmd/driver/main.go` of github.com/kubeflow/pipelines). So a schedule
passes a span such as `scheduled-1d`, which the task resolves by the placeholder or, if
that has no value, by the start time of the run.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

# Run parameter of the newest span.
SPAN = "span"

MAX_DAYS_BEFORE = 9999
_SCHEDULED = re.compile(r"scheduled(?:-(?P<days>\d{1,4})d)?")


def scheduled_span(days_before: int) -> str:
    """Returns the span of a day counted back from the day a run is due."""
    return f"scheduled-{days_before}d" if days_before else "scheduled"


def resolve_span(span: str, due: datetime) -> str:
    """Replaces `scheduled-Nd` by the date N days before a run is due.

    Args:
      due: Time at which the run is due, with its time zone.

    Returns:
      The date in UTC, such as `2026-11-20`; any other span unchanged.
    """
    matched = _SCHEDULED.fullmatch(span)
    if matched is None:
        return span
    day = due.astimezone(timezone.utc).date()
    return (day - timedelta(days=int(matched["days"] or 0))).isoformat()


def read_schedule_time(value: str) -> datetime | None:
    """Reads Kubeflow's placeholder for the time at which a run is due.

    Args:
      value: A time in RFC 3339; empty or the placeholder itself before 2.17.

    Returns:
      The time with its time zone; None if the server did not set it.
    """
    # Python 3.10 does not read the Z of RFC 3339.
    text = value.strip().replace("Z", "+00:00")
    if not text or text.startswith("{{$"):
        return None
    return datetime.fromisoformat(text)
