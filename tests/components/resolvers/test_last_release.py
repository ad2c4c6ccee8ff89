"""Which model is the baseline."""

from __future__ import annotations

from typing import Any

import pytest
from tfx.types import standard_artifacts

from components.resolvers.releases import LastReleaseStrategy
from components.shared.artifacts import Release, training_key
from config.spans import RunSpans

from ..artifacts import artifact
from .conftest import release_of

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
    made = artifact(standard_artifacts.Model, f"model/{number}")
    made.id = 100 + number
    return made


def release(
    number: int,
    status: str = "released",
    training: str = "another",
    model: int | None = None,
    **fields: Any,
) -> Release:
    """A release of the model of the same number, unless it is told another."""
    fields = {"version": 1000 + number, "training": training, **fields}
    return release_of(f"model/{model or number}", number, status, **fields)


def candidate(number: int) -> Release:
    """The record by which a run that awaited approval had a model."""
    return release(10 + number, "awaiting_approval", model=number, version=0)


def examples(span: str | None) -> standard_artifacts.Examples:
    """Examples of which the newest span is given."""
    artifact = standard_artifacts.Examples()
    if span is not None:
        spans = RunSpans(train=("1",), eval=(span,))
        artifact.set_string_custom_property("spans", spans.model_dump_json())
    return artifact


def resolve(
    models: list[int],
    releases: list[Release],
    can_see_artifacts: bool = True,
    span: str | None = None,
) -> tuple[int, int] | None:
    """The numbers of the baseline and of its release, if there is one."""
    graph = artifact(standard_artifacts.TransformGraph, GRAPH)
    inputs = {
        "examples": [examples(span)],
        "transform_graph": [graph],
        "model": [model(number) for number in models],
        "release": releases,
    }
    strategy = LastReleaseStrategy(TRAINER, can_see_artifacts)
    resolved = strategy.resolve_artifacts(None, inputs)
    assert resolved["transform_graph"] == [graph]
    found = resolved["model"], resolved["release"]
    if found == ([], []):
        return None
    (of_model,), (of_release,) = found
    return of_model.id - 100, of_release.id


@pytest.mark.parametrize("order", [[1, 2, 3], [3, 1, 2]])
def test_newest_release_wins_with_its_own_model(order: list[int]):
    assert resolve(order[::-1], [release(number) for number in order]) == (3, 3)


@pytest.mark.parametrize("status", ["awaiting_approval", "blocked", "rejected"])
def test_candidate_that_was_not_released_is_no_baseline(status: str):
    assert resolve([1, 2], [release(1), release(2, status)]) == (1, 1)


def test_approved_release_is_the_baseline_whenever_its_run_was():
    approved = release(9, by="Ann", model=1)
    waiting = release(1, "awaiting_approval", version=0)
    resolved = resolve([1, 2], [waiting, release(2), approved])
    assert resolved == (1, 9)


def test_a_withdrawn_model_is_no_baseline():
    models = [1, 2, 3]
    releases = [
        release(1),
        release(2, training="of 2"),
        release(3),
        release(9, model=2, training="of 2", by="Ann", withdraws="digest model/3"),
    ]
    resolved = resolve(models, releases)
    assert resolved == (2, 9)

    # Nor for the model that took its place.
    own = training_key(GRAPH, TRAINER)
    releases[1] = release(2, training=own)
    releases[3] = release(
        9, model=2, training=own, by="Ann", withdraws="digest model/3"
    )
    assert resolve(models, releases) == (1, 1)


def test_unchanged_runs_resolve_the_release_that_they_repeat():
    repeated = [release(n, model=1, version=1001) for n in (1, 5, 7)]
    assert resolve([1], repeated) == (1, 1)


def test_release_of_the_training_at_hand_is_left_out():
    own = release(2, training=training_key(GRAPH, TRAINER))
    assert resolve([1, 2], [release(1), own]) == (1, 1)


@pytest.mark.parametrize(
    "training",
    [training_key(GRAPH, "code:other part"), training_key("other graph", TRAINER)],
)
def test_training_is_another_by_its_data_or_its_trainer(training: str):
    assert resolve([1], [release(1, training=training)]) == (1, 1)


def test_release_whose_model_is_gone_is_left_out(folders):
    assert resolve([1], [release(1), release(2)]) == (1, 1)
    (folders / "2").rmdir()
    assert resolve([1, 2], [release(1), release(2)]) == (1, 1)


@pytest.mark.parametrize(
    ("models", "releases"),
    [
        ([], []),
        ([1], []),
        ([1], [release(1, "blocked")]),
        ([1], [release(1, training=training_key(GRAPH, TRAINER))]),
    ],
)
def test_without_a_release_there_is_no_baseline(
    models: list[int], releases: list[Release]
):
    assert resolve(models, releases) is None


@pytest.mark.parametrize(("can_see", "found"), [(True, 1), (False, 2)])
def test_files_are_looked_for_only_where_they_could_be_seen(can_see, found, folders):
    (folders / "2").rmdir()
    models, releases = [1, 2], [release(1), release(2)]
    assert resolve(models, releases, can_see_artifacts=can_see) == (found, found)


@pytest.mark.parametrize(
    ("span", "seen", "expected"),
    [
        ("2", ("3", "6"), None),
        ("3", ("3", "6"), 1),
        ("5", ("3", "6"), 1),
        ("6", ("3", "6"), 2),
        ("10", ("3", "6"), 2),
        # The release in force is that of a day that came late.
        ("7", ("6", "3"), 2),
        ("2026-01-05", ("2026-01-05", "2026-01-06"), 1),
        ("2026-01-05", ("2025-12-31", "2026-02-01"), 1),
        # A day and a number have no order, nor have examples that are in no spans.
        ("2026-01-05", ("", "6"), 2),
        (None, ("3", "6"), 2),
    ],
)
def test_a_model_that_has_seen_newer_spans_is_left_out(
    span: str | None, seen: tuple[str, str], expected: int | None
):
    releases = [release(1, span=seen[0]), release(2, span=seen[1])]
    assert resolve([1, 2], releases, span=span) == (expected and (expected, expected))


def test_a_release_of_a_lost_database_is_no_baseline_by_its_uri():
    """By now, another model may have the URI."""
    lost = release(3, by="Ann", model=1, digest="another model")
    assert resolve([1], [lost, candidate(1)]) is None
