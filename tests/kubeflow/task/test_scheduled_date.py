"""The date that a scheduled run is for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from kubeflow.task.metadata import start_time
from kubeflow.task.scheduled_date import (
    read_schedule_time,
    resolve_span,
    scheduled_span,
)
from pipeline.metadata import connection_to

# Still the first of January in UTC.
DUE = datetime(2026, 1, 2, 0, 30, tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize("span", ["2025-12-31", "", "latest", "17", "scheduled-1h"])
def test_other_spans_stay_as_they_are(span):
    assert resolve_span(span, DUE) == span


@pytest.mark.parametrize(
    ("days_before", "day"), [(0, "2026-01-01"), (1, "2025-12-31"), (31, "2025-12-01")]
)
def test_days_are_counted_back_from_the_day_in_utc(days_before, day):
    assert resolve_span(scheduled_span(days_before), DUE) == day


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ("2024-03-01T03:00:00Z", datetime(2024, 3, 1, 3, tzinfo=timezone.utc)),
        ("2024-03-01T03:00:00+09:00", datetime(2024, 2, 29, 18, tzinfo=timezone.utc)),
        # 2.16, and before.
        ("", None),
        ("{{$.pipeline_job_schedule_time_utc}}", None),
    ],
)
def test_the_time_a_run_is_due_as_servers_give_it(value, due):
    assert read_schedule_time(value) == due


def test_a_run_began_when_its_first_task_did(tmp_path):
    connection = connection_to(f"sqlite://{tmp_path}/metadata.sqlite")
    before = datetime.now(timezone.utc)
    assert before <= start_time(connection, "run-1") <= datetime.now(timezone.utc)

    store = metadata_store.MetadataStore(connection)
    kind = store.put_context_type(metadata_store_pb2.ContextType(name="pipeline_run"))
    context = metadata_store_pb2.Context(type_id=kind, name="run-1")
    store.put_contexts([context])
    (kept,) = store.get_contexts()

    milliseconds = start_time(connection, "run-1").timestamp() * 1000
    assert milliseconds == pytest.approx(kept.create_time_since_epoch)
