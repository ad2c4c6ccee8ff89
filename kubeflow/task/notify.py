"""Container of the exit handler: posts the outcome of a run to webhooks.

Kubeflow's own account of the run (`taskFinalStatus`) has no reason, and exists from
2.14 on only; ML Metadata has the records.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from kfp.pipeline_spec import pipeline_spec_pb2

from config.errors import ReleaseError
from config.root import Config
from kubeflow.task.entrypoint import container_parser, run_container
from kubeflow.task.inputs import parameters_of, run_id_of
from kubeflow.task.metadata import connection_of, incomplete_nodes
from kubeflow.task.paths import is_copy, uri_of
from pipeline.metadata import Connection
from pipeline.notifications import Notification, Notifier
from pipeline.review.records import RecordStore
from serving.releases.records import ReleaseRecord

# The node that fails to stop a run, as exit status 3 of `ctr run`.
_GATE = "ExampleValidator"


def main(arguments: Sequence[str] | None = None) -> int:
    """Posts the outcome, and returns the exit status."""
    options = container_parser(__doc__ or "").parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return run_container(_notify, options)


def _notify(config: Config, executor_input: pipeline_spec_pb2.ExecutorInput) -> None:
    run_id = run_id_of(parameters_of(executor_input.inputs))
    connection = connection_of(config)
    Notifier(config.notify).notify(outcome_of(connection, config.name, run_id))


def outcome_of(connection: Connection, pipeline: str, run_id: str) -> Notification:
    """Returns the outcome of a run that has ended, from ML Metadata."""
    record = _record(connection, pipeline, run_id)
    if record is not None:
        decide = f"{run_id} -c pipeline.yaml --by NAME --note TEXT"
        waits = record.status == "awaiting_approval"
        # A rejection stops later runs of the same candidate, as a gate does.
        verdict = "blocked" if record.status == "rejected" else record.status
        return Notification(
            event=verdict,
            pipeline=pipeline,
            run_id=run_id,
            verdict=verdict,
            model_version=record.version or None,
            report=_uri(record.report) if record.report else None,
            commands=[f"ctr kubeflow approve {decide}"] if waits else [],
        )
    failed = incomplete_nodes(connection, run_id)
    return Notification(
        event="blocked" if failed == [_GATE] else "failed",
        pipeline=pipeline,
        run_id=run_id,
        reasons=[f"{name} failed; its log says why" for name in failed]
        or ["a task failed outside of its component; the log of the run says why"],
    )


def _uri(report: str) -> str:
    """Returns the URI of a report: a copy's path is only valid in the task's pod."""
    return uri_of(report) if is_copy(report) else report


def _record(connection: Connection, pipeline: str, run_id: str) -> ReleaseRecord | None:
    """Returns the record of the run itself, if it came so far."""
    try:
        records = RecordStore(connection, pipeline).history().records
    except ReleaseError:  # The pipeline has never run.
        return None
    own = [record for record in records if record.run == run_id and not record.by]
    return own[-1] if own else None


if __name__ == "__main__":
    sys.exit(main())
