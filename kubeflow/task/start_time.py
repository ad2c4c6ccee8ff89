"""When a run began."""

from __future__ import annotations

from datetime import datetime, timezone

from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store

from pipeline.metadata import Connection

# As TFX calls the context of a run.
_RUN = "pipeline_run"


def began(connection: Connection, run_id: str) -> datetime:
    """When a run began: when its first task told ML Metadata of it, or else now.

    The same for all tasks of a run, also where midnight comes between them.
    """
    store = metadata_store.MetadataStore(connection)
    try:
        context = store.get_context_by_type_and_name(_RUN, run_id)
    except errors.NotFoundError:
        context = None
    if context is None:
        return datetime.now(timezone.utc)
    seconds = context.create_time_since_epoch / 1000
    return datetime.fromtimestamp(seconds, timezone.utc)
