"""The date that a scheduled run is for.

Kubeflow Pipelines has macros for the parameters of a recurring run. What becomes of
them in a v2 pipeline is in its source (github.com/kubeflow/pipelines):

- `[[ScheduledTime.2006-01-02]]` is the time at which a run was due, in UTC and in Go's
  layout: `createSubstitutes` in backend/src/common/util/parameter_formatter.go.
- For a recurring run that is pinned to a version, the API server compiles the workflow
  when the schedule is made and keeps it in the ScheduledWorkflow: `V2Spec.
  ScheduledWorkflow` in backend/src/apiserver/template/v2_template.go. The values of
  parameters are by then a literal in it, the `runtime-config` of the root driver:
  `dagDriverTask` in backend/src/v2/compiler/argocompiler/dag.go.
- When it fires, the controller expands macros and puts the results into the workflow's
  arguments of the same names: `ScheduledWorkflow.NewWorkflow` in
  backend/src/crd/controller/scheduledworkflow/util/scheduled_workflow.go, and
  `Workflow.OverrideParameters` in backend/src/common/util/workflow.go. That was the
  place of version 1's parameters; a v2 workflow has no such arguments, so nothing is
  replaced and the task is handed the macro itself.
- For one that follows the latest version, the controller calls `CreateRun` with the
  parameters as they are: `submitNewWorkflowIfNotAlreadySubmitted` in
  backend/src/crd/controller/scheduledworkflow/controller.go.

It is a known bug (issue 12494); later sources expand macros there, too (see
backend/src/apiserver/template/scheduled_parameter_test.go). So a schedule passes the
macro, and the container takes what was not replaced for the day on which its run began:
right on every 2.x, and exact, also for runs that catch up, where the server expands it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

# The run parameter: the newest span.
SPAN = "span"

# Go writes a layout as the time 2006-01-02 15:04:05 would look in it.
_MACRO = "[[ScheduledTime.2006-01-02]]"
MOST_DAYS_BEFORE = 9999
# The server replaces a macro inside of a text, too, but cannot subtract.
_DAYS_BEFORE = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})-(?P<days>\d{1,4})d")


def scheduled_date(days_before: int) -> str:
    """What a schedule passes for the day some days before its run is due."""
    return f"{_MACRO}-{days_before}d" if days_before else _MACRO


def resolve_date(value: str, began: datetime) -> str:
    """The date that a run is for.

    Args:
      value: The parameter as the container got it.
      began: When the run began, with its time zone.

    Returns:
      The value, unless it is what a schedule passes: then a date, reckoned from the
      day on which the run was due or, where the server did not replace the macro, on
      which it began, in UTC as the server's.
    """
    today = began.astimezone(timezone.utc).date().isoformat()
    text = value.replace(_MACRO, today)
    before = _DAYS_BEFORE.fullmatch(text)
    if before is None:
        return text
    due = date.fromisoformat(before["date"])
    return (due - timedelta(days=int(before["days"]))).isoformat()
