"""Start time of a run."""

from __future__ import annotations

from datetime import datetime, timezone

from ml_metadata import errors

from pipeline.metadata import Connection, open_store

# TFX's type of the context of a run.
_RUN = "pipeline_run"


def start_time(connection: Connection, run_id: str) -> datetime:
    """Returns the time at which ML Metadata got a run's first record; else the current.

    All tasks of a run get the same time, even if midnight is between them.
    """
    store = open_store(connection)
    try:
        context = store.get_context_by_type_and_name(_RUN, run_id)
    except errors.NotFoundError:
        context = None
    if context is None:
        return datetime.now(timezone.utc)
    seconds = context.create_time_since_epoch / 1000
    return datetime.fromtimestamp(seconds, timezone.utc)
