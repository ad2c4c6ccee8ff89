"""What the exit handler says of a run, from ML Metadata."""

from __future__ import annotations

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from kubeflow.task.notify import outcome_of
from pipeline.metadata import connection_to
from pipeline.review.records import RecordStore
from serving.releases.records import ReleaseRecord


class Ads:
    """A pipeline in ML Metadata, with a run."""

    def __init__(self, folder):
        self.connection = connection_to(f"sqlite://{folder}/metadata.sqlite")
        self.store = metadata_store.MetadataStore(self.connection)
        self._pipeline = self.context("pipeline", "ads")
        self.run = self.context("pipeline_run", "r1")

    def context(self, kind, name):
        type_id = self.store.put_context_type(metadata_store_pb2.ContextType(name=kind))
        context = metadata_store_pb2.Context(type_id=type_id, name=name)
        (context.id,) = self.store.put_contexts([context])
        return context

    def execute(self, node, *states):
        """Records the executions of a node."""
        kind = metadata_store_pb2.ExecutionType(name=node)
        type_id = self.store.put_execution_type(kind)
        place = self.context("node", f"ads.{node}")
        for state in states:
            execution = metadata_store_pb2.Execution(type_id=type_id)
            execution.last_known_state = state
            self.store.put_execution(execution, [], [self.run, place])

    def record(self, status, **fields):
        record = ReleaseRecord(status=status, run="r1", digest="d", **fields)
        RecordStore(self.connection, "ads").add(record)

    def outcome(self):
        return outcome_of(self.connection, "ads", "r1")


STATES = metadata_store_pb2.Execution
DONE, FAILED = STATES.COMPLETE, STATES.FAILED


@pytest.fixture
def ads(tmp_path):
    return Ads(tmp_path)


@pytest.mark.parametrize("report", ["minio://b/run/report", "/volume/report"])
def test_a_candidate_that_waits_can_be_approved(ads, report):
    # What Kubeflow copies has a path of the pod in ML Metadata.
    ads.record("awaiting_approval", report=report.replace("minio://", "/minio/"))
    told = ads.outcome()

    assert (told.event, told.report) == ("awaiting_approval", report)
    (command,) = told.commands
    assert command.startswith("ctr kubeflow approve r1 ")


@pytest.mark.parametrize(
    ("status", "event"),
    [("released", "released"), ("blocked", "blocked"), ("rejected", "blocked")],
)
def test_a_verdict_is_an_event(ads, status, event):
    ads.record(status, version=7)
    told = ads.outcome()

    assert (told.event, told.verdict, told.model_version) == (event, event, 7)
    assert told.commands == []


def test_a_decision_of_a_person_is_not_the_outcome_of_the_run(ads):
    ads.record("awaiting_approval")
    ads.record("released", by="ann", version=7)

    assert ads.outcome().event == "awaiting_approval"


def test_tasks_that_failed_are_named(ads):
    ads.execute("ExampleGen", FAILED, DONE)
    ads.execute("Transform", STATES.CACHED)
    ads.execute("Trainer", FAILED)
    ads.execute("Evaluator", STATES.RUNNING)
    told = ads.outcome()

    assert told.event == "failed"
    evaluator, trainer = told.reasons
    assert "Evaluator" in evaluator
    assert "Trainer" in trainer


def test_anomalies_block_a_run(ads):
    ads.execute("ExampleGen", DONE)
    ads.execute("ExampleValidator", FAILED)

    assert ads.outcome().event == "blocked"


def test_a_run_without_any_record_failed(ads, tmp_path):
    assert ads.outcome().event == "failed"
    assert outcome_of(ads.connection, "other", "r9").event == "failed"
