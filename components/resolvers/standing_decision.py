"""Finds what was decided on a candidate before."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.common import resolver

from components.release_records import ReleaseHistory


class StandingDecisionStrategy(resolver.ResolverStrategy):
    """Resolves the release by which a model is the last released, or its refusal.

    So a run that trains nothing new repeats what a person said of its model, instead of
    asking again, or of releasing what was rejected or rolled back.
    """

    def resolve_artifacts(
        self, store: Any, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolves the decision.

        Args:
          store: ML Metadata; not used.
          input_dict: `model` of this run, and all `standing` releases.

        Returns:
          The same keys; `standing` holds at most one artifact.
        """
        (model,) = input_dict["model"]
        releases = input_dict["standing"]
        history = ReleaseHistory.of(release.mlmd_artifact for release in releases)
        standing = history.standing(model.uri)
        found = [each for each in releases if standing and each.id == standing.id]
        return {"model": [model], "standing": found}
