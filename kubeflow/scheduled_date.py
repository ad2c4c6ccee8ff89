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

It is a known bug (issue 12494), mended on the main branch after 2.16. So a schedule
passes the macro, and the container takes what was not replaced for the day on which its
run began: right on every 2.x, and exact, also for runs that catch up, where the server
expands it.
"""

from __future__ import annotations

from datetime import datetime, timezone

# Go writes a layout as the time 2006-01-02 15:04:05 would look in it.
SCHEDULED_DATE = "[[ScheduledTime.2006-01-02]]"


def resolve_date(value: str, began: datetime) -> str:
    """The date that a run is for.

    Args:
      value: The parameter `date` as the container got it.
      began: When the run began, with its time zone.

    Returns:
      The value, or where it is a macro that the server did not replace, the day on
      which the run began in UTC, which is also what the server reckons in.
    """
    if value != SCHEDULED_DATE:
        return value
    return began.astimezone(timezone.utc).date().isoformat()
