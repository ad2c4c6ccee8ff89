"""Which model is the baseline."""

from __future__ import annotations

from typing import Any

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.types import standard_artifacts

from components.artifacts import Release, training_key
from components.resolvers.last_release import LastReleaseStrategy
from pipeline.config.spans import RunSpans

GRAPH = "artifacts/Transform/transform_graph/9"
TRAINER = "code:part"


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """The folders of three models; the URIs below are relative to them."""
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 3):
        (tmp_path / "model" / str(number)).mkdir(parents=True)
    return tmp_path / "model"


def model(number: int) -> standard_artifacts.Model:
    artifact = standard_artifacts.Model()
    artifact.id, artifact.uri = 100 + number, f"model/{number}"
    return artifact


def release(
    number: int,
    status: str = "released",
    training: str = "another",
    model: int | None = None,
    **properties: Any,
) -> Release:
    """A release of the model of the same number, unless it is told another."""
    artifact = Release()
    artifact.id = number
    artifact.status = status
    artifact.training = training
    artifact.version = 1000 + number
    artifact.model_uri = f"model/{model or number}"
    for name, value in properties.items():
        setattr(artifact, name, value)
    return artifact


def resolve(
    models: list[Any], releases: list[Any], can_see_artifacts: bool = True
) -> dict[str, list[Any]]:
    strategy = LastReleaseStrategy(TRAINER, can_see_artifacts)
    store = Store()
    graphs = [store.graph(None)]
    inputs = {"transform_graph": graphs, "model": models, "release": releases}
    return strategy.resolve_artifacts(store.store, inputs)


@pytest.mark.parametrize("order", [[1, 2, 3], [3, 1, 2]])
def test_newest_release_wins_with_its_own_model(order: list[int]):
    resolved = resolve(
        [model(number) for number in reversed(order)],
        [release(number) for number in order],
    )
    assert [artifact.uri for artifact in resolved["model"]] == ["model/3"]
    assert [artifact.id for artifact in resolved["release"]] == [3]
    assert [artifact.uri for artifact in resolved["transform_graph"]] == [GRAPH]


@pytest.mark.parametrize("status", ["awaiting_approval", "blocked", "rejected"])
def test_candidate_that_was_not_released_is_no_baseline(status: str):
    resolved = resolve([model(1), model(2)], [release(1), release(2, status)])
    assert [artifact.uri for artifact in resolved["model"]] == ["model/1"]


def test_approved_release_is_the_baseline_whenever_its_run_was():
    approved = release(9, by="Ann", model=1)
    resolved = resolve(
        [model(1), model(2)], [release(1, "awaiting_approval"), release(2), approved]
    )
    assert [artifact.uri for artifact in resolved["model"]] == ["model/1"]
    assert [artifact.id for artifact in resolved["release"]] == [9]


def test_what_was_rolled_back_is_no_baseline_any_more():
    models = [model(1), model(2), model(3)]
    releases = [
        release(1),
        release(2, training="of 2"),
        release(3),
        release(9, model=2, training="of 2", by="Ann", withdrawn="model/3"),
    ]
    resolved = resolve(models, releases)
    assert [artifact.uri for artifact in resolved["model"]] == ["model/2"]
    assert [artifact.id for artifact in resolved["release"]] == [9]

    # Nor for the model that took its place.
    releases = [*releases[:1], *releases[2:]]
    releases[-1].training = training_key(GRAPH, TRAINER)
    resolved = resolve(models, releases)
    assert [artifact.uri for artifact in resolved["model"]] == ["model/1"]


def test_unchanged_runs_resolve_the_release_that_they_repeat():
    repeated = [release(n, model=1, version=1001) for n in (1, 5, 7)]
    resolved = resolve([model(1)], repeated)
    assert [artifact.id for artifact in resolved["release"]] == [1]


def test_records_of_earlier_code_are_left_out():
    old = Release()
    old.id, old.model_uri = 2, "model/2"
    resolved = resolve([model(1), model(2)], [release(1), old])
    assert [artifact.uri for artifact in resolved["model"]] == ["model/1"]


def test_release_of_the_training_at_hand_is_left_out():
    own = release(2, training=training_key(GRAPH, TRAINER))
    resolved = resolve([model(1), model(2)], [release(1), own])
    assert [artifact.uri for artifact in resolved["model"]] == ["model/1"]


@pytest.mark.parametrize(
    "training",
    [training_key(GRAPH, "code:other part"), training_key("other graph", TRAINER)],
)
def test_training_is_another_by_its_data_or_its_trainer(training: str):
    resolved = resolve([model(1)], [release(1, training=training)])
    assert [artifact.uri for artifact in resolved["model"]] == ["model/1"]


def test_release_whose_model_is_gone_is_left_out(folders):
    resolved = resolve([model(1)], [release(1), release(2)])
    assert [artifact.uri for artifact in resolved["model"]] == ["model/1"]
    (folders / "2").rmdir()
    resolved = resolve([model(1), model(2)], [release(1), release(2)])
    assert [artifact.uri for artifact in resolved["model"]] == ["model/1"]


@pytest.mark.parametrize(
    ("models", "releases"),
    [
        ([], []),
        ([model(1)], []),
        ([model(1)], [release(1, "blocked")]),
        ([model(1)], [release(1, training=training_key(GRAPH, TRAINER))]),
    ],
)
def test_without_a_release_there_is_no_baseline(models: list[Any], releases: list[Any]):
    resolved = resolve(models, releases)
    assert resolved["model"] == []
    assert resolved["release"] == []
    assert len(resolved["transform_graph"]) == 1


@pytest.mark.parametrize(("can_see", "found"), [(True, 1), (False, 2)])
def test_files_are_looked_for_only_where_they_could_be_seen(can_see, found, folders):
    (folders / "2").rmdir()
    models, releases = [model(1), model(2)], [release(1), release(2)]
    resolved = resolve(models, releases, can_see_artifacts=can_see)
    assert [artifact.uri for artifact in resolved["model"]] == [f"model/{found}"]


class Store:
    """ML Metadata with Transform graphs."""

    def __init__(self):
        connection = metadata_store_pb2.ConnectionConfig()
        connection.fake_database.SetInParent()
        self.store = metadata_store.MetadataStore(connection)

    def graph(self, span: str | None) -> standard_artifacts.TransformGraph:
        """A Transform graph of examples whose newest span is given."""
        examples = standard_artifacts.Examples()
        if span is not None:
            spans = RunSpans(train=("1",), eval=(span,))
            examples.set_string_custom_property("spans", spans.model_dump_json())
        graph = standard_artifacts.TransformGraph()
        graph.uri = GRAPH
        self._put(examples, graph)
        return graph

    def _put(self, source: types.Artifact, made: types.Artifact) -> None:
        """Records that one artifact was made from another."""
        execution = metadata_store_pb2.Execution(
            type_id=self.store.put_execution_type(
                metadata_store_pb2.ExecutionType(name="Transform")
            )
        )
        pairs = []
        for artifact, event in (
            (source, metadata_store_pb2.Event.INPUT),
            (made, metadata_store_pb2.Event.OUTPUT),
        ):
            artifact.type_id = self.store.put_artifact_type(artifact.artifact_type)
            pairs.append((artifact.mlmd_artifact, metadata_store_pb2.Event(type=event)))
        _, ids, _ = self.store.put_execution(execution, pairs, [])
        source.id, made.id = ids


@pytest.mark.parametrize(
    ("span", "seen", "expected"),
    [
        ("2", ("3", "6"), []),
        ("3", ("3", "6"), [1]),
        ("5", ("3", "6"), [1]),
        ("6", ("3", "6"), [2]),
        ("10", ("3", "6"), [2]),
        # The release in force is that of a day that came late.
        ("7", ("6", "3"), [2]),
        ("2026-01-05", ("2026-01-05", "2026-01-06"), [1]),
        ("2026-01-05", ("2025-12-31", "2026-02-01"), [1]),
        # A day and a number have no order, nor have examples that are in no spans.
        ("2026-01-05", ("", "6"), [2]),
        (None, ("3", "6"), [2]),
    ],
)
def test_a_model_that_has_seen_newer_spans_is_left_out(
    span: str | None, seen: tuple[str, str], expected: list[int]
):
    store = Store()
    inputs = {
        "transform_graph": [store.graph(span)],
        "model": [model(1), model(2)],
        "release": [release(1, span=seen[0]), release(2, span=seen[1])],
    }
    strategy = LastReleaseStrategy(TRAINER)
    resolved = strategy.resolve_artifacts(store.store, inputs)
    assert [each.uri for each in resolved["model"]] == [
        f"model/{number}" for number in expected
    ]
    assert [each.id for each in resolved["release"]] == expected
