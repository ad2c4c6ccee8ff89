"""`ctr skew`: from logs and ML Metadata to words and an exit status."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from config.load import to_yaml
from ctr import cli
from pipeline.review.records import RecordStore
from serving.releases.records import ReleaseRecord

Event = metadata_store_pb2.Event


class Store:
    """ML Metadata of a work directory, as runs of TFX leave it."""

    def __init__(self, work_dir: Any):
        self.connection = metadata_store_pb2.ConnectionConfig()
        self.connection.sqlite.filename_uri = str(work_dir / "metadata.sqlite")
        self.connection.sqlite.connection_mode = (
            metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        )
        self._store = metadata_store.MetadataStore(self.connection)
        kind = metadata_store_pb2.ContextType(name="pipeline")
        type_id = self._store.put_context_type(kind)
        context = metadata_store_pb2.Context(type_id=type_id, name="tiny")
        self._store.put_contexts([context])

    def artifact(self, kind: str, uri: str) -> int:
        artifact_type = metadata_store_pb2.ArtifactType(name=kind)
        artifact_type.properties["split_names"] = metadata_store_pb2.STRING
        type_id = self._store.put_artifact_type(artifact_type)
        artifact = metadata_store_pb2.Artifact(type_id=type_id, uri=uri)
        artifact.properties["split_names"].string_value = '["train", "eval"]'
        (found,) = self._store.put_artifacts([artifact])
        return found

    def execution(self, kind: str, inputs: list[int], outputs: list[int]) -> None:
        type_id = self._store.put_execution_type(
            metadata_store_pb2.ExecutionType(name=kind)
        )
        events = [(each, Event.INPUT) for each in inputs]
        events += [(each, Event.OUTPUT) for each in outputs]
        (execution,) = self._store.put_executions(
            [metadata_store_pb2.Execution(type_id=type_id)]
        )
        self._store.put_events(
            [
                Event(artifact_id=artifact, execution_id=execution, type=kind)
                for artifact, kind in events
            ]
        )

    def trained(self, name: str, statistics: str) -> str:
        """A model, and what it was made of; gives its URI."""
        raw = self.artifact("Examples", f"raw of {name}")
        schema = self.artifact("Schema", f"schema of {name}")
        found = self.artifact("ExampleStatistics", statistics)
        graph = self.artifact("TransformGraph", f"graph of {name}")
        transformed = self.artifact("Examples", f"transformed of {name}")
        model = self.artifact("Model", f"model of {name}")
        self.execution("StatisticsGen", [raw], [found])
        self.execution("Transform", [raw, schema], [graph, transformed])
        self.execution("Trainer", [graph, transformed, schema], [model])
        # An unchanged run finds all of it in the cache.
        self.execution("StatisticsGen", [raw], [found])
        return f"model of {name}"

    def release(self, model_uri: str, version: int) -> None:
        RecordStore(self.connection, "tiny").add(
            ReleaseRecord(
                status="released",
                run="run1",
                digest=model_uri,
                model_uri=model_uri,
                version=version,
            )
        )


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def ctr(tiny, tmp_path, capfd):
    """Runs `ctr skew`; gives its status, output and error."""
    (tmp_path / "pipeline.yaml").write_text(to_yaml(tiny.config))
    options = ["-c", str(tmp_path / "pipeline.yaml"), "--work-dir", str(tmp_path)]

    def _ctr(*words):
        capfd.readouterr()  # of what the server said
        status = cli.main(["skew", *options, *words])
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return _ctr


def test_served_as_trained_is_0_and_moved_is_3(
    store, ctr, training_folder, client_rows, log_of, tmp_path
):
    store.release(store.trained("other", "nowhere"), version=6)
    store.release(store.trained("tiny", str(training_folder)), version=7)
    same = log_of(client_rows)
    status, out, err = ctr("--served", same)
    assert (status, err) == (0, "")
    assert "400 examples in 1 log\n" in out
    assert "version 7 (run run1)\n" in out
    assert out.splitlines()[-1].startswith("no skew")

    moved = [{**row, "device": "watch"} for row in client_rows]
    for row in moved:
        row.pop("price", None)
    status, out, err = ctr("--served", log_of(moved, "examples"), "--json")
    assert (status, err) == (3, "")
    found = json.loads(out)
    assert found["is_skewed"]
    features = {each["feature"]: each for each in found["features"]}
    skewed = {name for name in features if features[name]["too_far"]}
    assert skewed == {"device"}
    # No one else had it.
    assert features["device"]["moved"][0] == {
        "value": "watch",
        "training": 0.0,
        "serving": 1.0,
    }
    assert features["price"]["serving_missing"] == 1.0

    thresholds = "{device: 1.0, price: 1.0}"
    bounds = f"validation.skew={{pattern: served.csv, thresholds: {thresholds}}}"
    status, out, err = ctr("--served", same, log_of(moved), "--set", bounds)
    assert (status, err) == (0, "")


def test_nothing_is_made_without_a_run(ctr, tmp_path):
    status, out, err = ctr("--served", "x")
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {tmp_path}: ")
    assert not (tmp_path / "metadata.sqlite").exists()


def test_a_missing_release_or_missing_statistics_are_an_error(store, ctr, tmp_path):
    for words in ("no model is released", "not known", "gone"):
        status, out, err = ctr("--served", "x")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert words in err
        if words == "no model is released":
            store.release("model of nobody", version=1)
        else:
            store.release(store.trained("tiny", str(tmp_path / "gone")), version=2)


def test_a_wrong_log_is_one_line(store, ctr, training_folder, tmp_path):
    store.release(store.trained("tiny", str(training_folder)), version=7)
    (tmp_path / "log").write_bytes(b"no log")
    status, out, err = ctr("--served", str(tmp_path / "log"))
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {tmp_path}/log: ")
    assert len(err.splitlines()) == 1
