"""Finds what was decided before, on a candidate and on others."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.common import resolver

from components.release_records import ReleaseHistory


class StandingDecisionStrategy(resolver.ResolverStrategy):
    """Resolves the release by which a model is the last released, or its refusal.

    So a run that trains nothing new repeats what a person said of its model, instead of
    asking again, or of releasing what was rejected or rolled back. And it resolves the
    release in force, so that a run of an earlier day does not replace it by itself.
    """

    def resolve_artifacts(
        self, store: Any, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolves the decisions.

        Args:
          store: ML Metadata; not used.
          input_dict: `model` of this run, and all releases as `standing` and `last`.

        Returns:
          The same keys; `standing` and `last` hold at most one artifact.
        """
        (model,) = input_dict["model"]
        releases = input_dict["standing"]
        history = ReleaseHistory.of(release.mlmd_artifact for release in releases)
        found = {"standing": history.standing(model.uri), "last": history.last}
        return {
            "model": [model],
            **{
                key: [each for each in releases if record and each.id == record.id]
                for key, record in found.items()
            },
        }
