"""Whole runs under the emulation: each task a process, as compiled."""

from __future__ import annotations

import pytest
from emulation.backend import Backend
from emulation.launcher import TaskFailedError
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from kubeflow.compile.decision import compile_decision
from pipeline.metadata import connection_to
from pipeline.review.decisions import Review

# Of two dozen processes that each import TFX, on a machine that may be busy.
pytestmark = pytest.mark.timeout(3600)

RESOLVED = {"LastRelease", "PreviousStatistics"}
DAY = "day-02"


class Metadata:
    """What tasks recorded in ML Metadata."""

    def __init__(self, url):
        self.store = metadata_store.MetadataStore(connection_to(url))

    def executions(self, run):
        """The executions of a run, by component: the last part of their type.

        Where it works on one machine, as LocalTransform does, it goes without that.
        """
        context = self.store.get_context_by_type_and_name("pipeline_run", run.id)
        found = self.store.get_executions_by_context(context.id)
        return {
            each.type.rpartition(".")[2].removeprefix("Local"): each for each in found
        }

    def artifacts(self, run, component, key):
        """URIs of what a component read or wrote by a key."""
        execution = self.executions(run)[component]
        events = self.store.get_events_by_execution_ids([execution.id])
        ids = [each.artifact_id for each in events if each.path.steps[0].key == key]
        return [each.uri for each in self.store.get_artifacts_by_id(ids)]

    def cached(self, run):
        """The components that were served from TFX's cache."""
        return {
            name
            for name, execution in self.executions(run).items()
            if execution.last_known_state == metadata_store_pb2.Execution.CACHED
            and name != "Resolver"
        }


def review(cluster):
    models = str(cluster.volume / "Small_ads")
    return Review(connection_to(cluster.metadata), "Small_ads", models, 5)


def versions(cluster):
    return [each.name for each in (cluster.volume / "Small_ads").glob("[0-9]*")]


def add_a_row(cluster):
    """More examples in the same file."""
    path = cluster.data / "clicks" / f"{DAY}.csv"
    with path.open("a") as file:
        file.write(path.read_text().splitlines()[-1] + "\n")


def test_the_first_tasks_of_a_run(cluster, tmp_path):
    """As many as show that tasks start, and that a resolver that finds nothing ends."""
    package = cluster.compile(metadata=f"sqlite://{tmp_path}/metadata.sqlite")
    backend = Backend(tmp_path)
    run = backend.run(package, only="PreviousStatistics-previous")
    assert set(run.logs) == {"ExampleGen", "StatisticsGen", "PreviousStatistics"}
    examples = backend.artifacts.get(run.outputs["ExampleGen"].artifacts["examples"])
    assert examples.uri.startswith(f"{run.folder}/ExampleGen/")
    files = backend.objects.path(examples.uri)
    assert len(list(files.glob("Split-train/*.gz"))) == 3
    metadata = Metadata(f"sqlite://{tmp_path}/metadata.sqlite")
    (read,) = metadata.artifacts(run, "StatisticsGen", "examples")
    assert read.endswith(examples.uri.removeprefix("minio://"))

    nothing = run.outputs["PreviousStatistics"].parameters["previous"]
    assert nothing.endswith("/nothing")
    assert backend.objects.path(nothing).exists()


@pytest.fixture(scope="module")
def released(cluster):
    """The first run, whose candidate was released."""
    values = {"epochs": 1, "approval": "automatic"}
    return cluster.backend.run(cluster.compile(), values)


@pytest.fixture(scope="module")
def waiting(cluster, released):
    """A second run, on more examples, with the cache of Kubeflow switched on."""
    add_a_row(cluster)
    return cluster.backend.run(cluster.compile(), {"epochs": 1}, cache=True)


@pytest.mark.slow
def test_a_run_releases_its_model(cluster, released):
    assert review(cluster).history().last.run == released.id
    assert versions(cluster) == [str(review(cluster).newest())]
    page = released.outputs["EvaluationReport"].artifacts["report_page"]
    path = cluster.backend.objects.path(cluster.backend.artifacts.get(page).uri)
    assert path.read_text().startswith("<!doctype html>")
    assert released.id in path.read_text()
    shown = {
        key: cluster.backend.artifacts.get(
            released.outputs["EvaluationReport"].artifacts[f"report_{key}"]
        ).metadata
        for key in ("metrics", "curves")
    }
    assert 0.3 < shown["metrics"]["auc"] < 1
    # The launcher keeps a list so, and the dashboard reads it so.
    assert len(shown["curves"]["confidenceMetrics"]["list"]) > 10
    # Nothing was there to be found.
    for name in RESOLVED:
        (uri,) = released.outputs[name].parameters.values()
        assert uri.endswith("/nothing")


@pytest.mark.slow
def test_the_second_run_resolves_what_the_first_made(cluster, released, waiting):
    metadata = Metadata(cluster.metadata)
    for reader, key, writer, output in (
        ("Evaluator", "baseline_model", "Trainer", "model"),
        ("ExampleValidator", "previous_statistics", "StatisticsGen", "statistics"),
    ):
        assert metadata.artifacts(waiting, reader, key) == metadata.artifacts(
            released, writer, output
        )
    # It got the files from the object store, by an importer.
    imported = waiting.outputs["LastRelease-model"].artifacts["artifact"]
    trained = released.outputs["Trainer"].artifacts["model"]
    artifacts = cluster.backend.artifacts
    assert artifacts.get(imported).uri == artifacts.get(trained).uri


@pytest.mark.slow
def test_the_cache_of_kubeflow_never_answers(cluster, released, waiting):
    assert waiting.cached == set()
    metadata = Metadata(cluster.metadata)
    (before,), (after,) = (
        metadata.artifacts(run, "ExampleGen", "examples") for run in (released, waiting)
    )
    assert before != after


@pytest.mark.slow
def test_a_person_releases_in_the_cluster(cluster, waiting):
    assert review(cluster).history().records[-1].status == "awaiting_approval"
    package = cluster.folder / "release.yaml"
    compile_decision(cluster.config(), package)
    values = {"run": waiting.id, "decision": "approve", "by": "ann", "note": "fine"}
    cluster.backend.run(package, values)

    last = review(cluster).history().last
    assert (last.run, last.by, last.note) == (waiting.id, "ann", "fine")
    assert len(versions(cluster)) == 2
    with pytest.raises(TaskFailedError, match=r"(?s)status 2.*released already"):
        cluster.backend.run(package, values)
    with pytest.raises(TaskFailedError, match=r"(?s)status 2.*decision: got 'yes'"):
        cluster.backend.run(package, {**values, "decision": "yes"})


@pytest.mark.slow
def test_with_a_shared_folder_unchanged_results_are_served_from_the_cache(cluster):
    package = cluster.compile(
        artifacts=str(cluster.volume / "artifacts"),
        metadata=f"sqlite://{cluster.volume}/shared.sqlite",
        models={"claim": "models", "path": str(cluster.volume / "shared")},
    )
    (cluster.volume / "shared").mkdir()
    values = {"epochs": 1, "approval": "automatic"}
    first = cluster.backend.run(package, values)
    second = cluster.backend.run(package, values)
    add_a_row(cluster)
    third = cluster.backend.run(package, values, only="ExampleGen")

    metadata = Metadata(f"sqlite://{cluster.volume}/shared.sqlite")
    assert metadata.cached(first) == set()
    assert metadata.cached(second) == {
        "ExampleGen",
        "StatisticsGen",
        "InferredSchemaGen",
        "ExampleValidator",
        "Transform",
        "Trainer",
        "Evaluator",
        "EvaluationReport",
    }
    assert metadata.cached(third) == set(), "the files are others"
    assert len(list((cluster.volume / "shared/Small_ads").glob("[0-9]*"))) == 1
