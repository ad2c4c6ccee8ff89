"""The decisions that hold for a candidate's model."""

from __future__ import annotations

import pytest
from tfx.types import standard_artifacts

from components.resolvers.releases import StandingDecisionStrategy
from components.shared.artifacts import Release

from .conftest import release_of


def resolve(releases: list[Release], model_uri: str = "a") -> dict[str, list[int]]:
    model = standard_artifacts.Model()
    model.uri = model_uri
    keys = ("refusal", "release", "last")
    inputs = {"model": [model], **dict.fromkeys(keys, releases)}
    resolved = StandingDecisionStrategy().resolve_artifacts(None, inputs)
    assert resolved["model"] == [model]
    return {key: [artifact.id for artifact in resolved[key]] for key in keys}


A1 = release_of("a", 1, "released", version=10)
A1_AGAIN = release_of("a", 2, "released", version=10)
B3 = release_of("b", 3, "released", version=20)
A_RESTORED = release_of("a", 4, "released", version=30, by="Ann", withdraws="digest b")
A_REJECTED = release_of("a", 5, "rejected", by="Ann", after=20)
# By a run that repeated Ann's decision.
A_REPEATED = release_of("a", 6, "rejected")
A_WAITS = release_of("a", 7, "awaiting_approval")
A_BLOCKED = release_of("a", 8, "blocked")
A_OVERRULED = release_of("a", 9, "released", version=40, by="Bob", override=True)


@pytest.mark.parametrize(
    ("releases", "refusal", "released", "last"),
    [
        ([], [], [], []),
        ([A_WAITS], [], [], []),
        ([A_BLOCKED], [], [], []),
        ([B3], [], [], [3]),
        ([A1], [], [1], [1]),
        ([A1, A_WAITS, A_BLOCKED], [], [1], [1]),
        ([A1, A1_AGAIN], [], [1], [1]),
        # Another was released since, so this one would be released again.
        ([A1, B3], [], [], [3]),
        ([A1, B3, A_RESTORED], [], [4], [4]),
        ([A_REPEATED, A_REJECTED], [5], [], []),
        ([B3, A_REJECTED, A_REPEATED], [5], [], [3]),
        (
            [A_WAITS, A_REJECTED, release_of("b", 6, "released", version=21)],
            [5],
            [],
            [6],
        ),
        ([A_REJECTED, A_REPEATED, A_OVERRULED], [], [9], [9]),
    ],
)
def test_the_newest_decision_on_a_model_holds(releases, refusal, released, last):
    expected = {"refusal": refusal, "release": released, "last": last}
    assert resolve(releases) == expected
    assert resolve(releases[::-1]) == expected


def test_a_withdrawn_model_stays_withdrawn_until_it_is_released_again():
    withdrawn = [A1, B3, A_RESTORED]
    assert resolve(withdrawn, "b")["refusal"] == [4]
    later = release_of("c", 5, "released", version=50)
    assert resolve([*withdrawn, later], "b")["refusal"] == [4]
    # The record of a run that recorded late.
    late = release_of("b", 7, "released", version=20)
    assert resolve([*withdrawn, late], "b")["refusal"] == [4]
    again = release_of("b", 6, "released", version=60, by="Bob", override=True)
    found = resolve([*withdrawn, again], "b")
    assert (found["refusal"], found["release"]) == ([], [6])
