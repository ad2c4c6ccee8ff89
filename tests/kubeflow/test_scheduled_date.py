"""The date that a scheduled run is for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from kubeflow.began import began
from kubeflow.scheduled_date import resolve_date, scheduled_date
from pipeline.metadata import connection_to

# Still the first of January in UTC.
BEGAN = datetime(2026, 1, 2, 0, 30, tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize("value", ["2025-12-31", "", "latest", "17"])
def test_what_a_person_gives_is_taken_as_it_is(value):
    assert resolve_date(value, BEGAN) == value


@pytest.mark.parametrize(
    ("days_before", "day"), [(0, "2026-01-01"), (1, "2025-12-31"), (31, "2025-12-01")]
)
def test_a_macro_that_nobody_replaced_is_the_day_the_run_began(days_before, day):
    assert resolve_date(scheduled_date(days_before), BEGAN) == day


@pytest.mark.parametrize(
    ("days_before", "day"), [(0, "2024-03-01"), (1, "2024-02-29"), (60, "2024-01-01")]
)
def test_a_macro_that_the_server_replaced_is_the_day_the_run_was_due(days_before, day):
    value = scheduled_date(days_before)
    replaced = value.replace("[[ScheduledTime.2006-01-02]]", "2024-03-01")

    assert resolve_date(replaced, BEGAN) == day


def test_a_run_began_when_its_first_task_did(tmp_path):
    connection = connection_to(f"sqlite://{tmp_path}/metadata.sqlite")
    before = datetime.now(timezone.utc)
    assert before <= began(connection, "run-1") <= datetime.now(timezone.utc)

    store = metadata_store.MetadataStore(connection)
    kind = store.put_context_type(metadata_store_pb2.ContextType(name="pipeline_run"))
    context = metadata_store_pb2.Context(type_id=kind, name="run-1")
    store.put_contexts([context])
    (kept,) = store.get_contexts()

    milliseconds = began(connection, "run-1").timestamp() * 1000
    assert milliseconds == pytest.approx(kept.create_time_since_epoch)
