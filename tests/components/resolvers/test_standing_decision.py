"""What holds for a candidate already."""

from __future__ import annotations

from typing import Any

import pytest
from tfx.types import standard_artifacts

from components.artifacts import Release
from components.resolvers.standing_decision import StandingDecisionStrategy


def release(number: int, status: str, model: str, **properties: Any) -> Release:
    artifact = Release()
    artifact.id, artifact.status, artifact.model_uri = number, status, model
    for name, value in properties.items():
        setattr(artifact, name, value)
    return artifact


def resolve(releases: list[Release], model_uri: str = "a") -> list[int]:
    model = standard_artifacts.Model()
    model.uri = model_uri
    inputs = {"model": [model], "standing": releases}
    resolved = StandingDecisionStrategy().resolve_artifacts(None, inputs)
    assert resolved["model"] == [model]
    return [artifact.id for artifact in resolved["standing"]]


A1 = release(1, "released", "a", version=10)
A1_AGAIN = release(2, "released", "a", version=10)
B3 = release(3, "released", "b", version=20)
A_RESTORED = release(4, "released", "a", version=30, by="Ann", withdrawn="b")
A_REJECTED = release(5, "rejected", "a", by="Ann")
# By a run that repeated what Ann said.
A_REPEATED = release(6, "rejected", "a")
A_WAITS = release(7, "awaiting_approval", "a")
A_BLOCKED = release(8, "blocked", "a")
A_OVERRULED = release(9, "released", "a", version=40, by="Bob", override=1)


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        ([], []),
        ([A_WAITS], []),
        ([A_BLOCKED], []),
        ([B3], []),
        ([A1], [1]),
        ([A1, A_WAITS, A_BLOCKED], [1]),
        ([A1, A1_AGAIN], [1]),
        # Another was released since, so this one would be released anew.
        ([A1, B3], []),
        ([A1, B3, A_RESTORED], [4]),
        ([A_REJECTED], [5]),
        ([A_REJECTED, A_REPEATED], [5]),
        ([B3, A_REJECTED], [5]),
        ([A_REJECTED, release(6, "released", "b")], [5]),
        ([A_REJECTED, A_REPEATED, A_OVERRULED], [9]),
    ],
)
def test_the_last_word_on_a_model(releases: list[Release], expected: list[int]):
    assert resolve(releases) == expected
    assert resolve(releases[::-1]) == expected


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        ([], []),
        ([A_WAITS, A_REJECTED, A_BLOCKED], []),
        ([A1, A1_AGAIN, A_WAITS], [2]),
        ([A1, B3], [3]),
        ([A1, B3, A_RESTORED], [4]),
    ],
)
def test_the_release_in_force(releases: list[Release], expected: list[int]):
    model = standard_artifacts.Model()
    model.uri = "c"
    inputs = {"model": [model], "standing": releases, "last": releases}
    resolved = StandingDecisionStrategy().resolve_artifacts(None, inputs)
    assert [artifact.id for artifact in resolved["last"]] == expected
    assert resolved["standing"] == []


def test_what_was_taken_back_stays_so():
    taken_back = [A1, B3, A_RESTORED]
    assert resolve(taken_back, "b") == [4]
    assert resolve([*taken_back, release(5, "released", "c", version=50)], "b") == [4]
    again = release(6, "released", "b", version=60, by="Bob", override=1)
    assert resolve([*taken_back, again], "b") == [6]
