"""Finds the statistics of the run before."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.common import resolver
from tfx.types import artifact_utils

from pipeline.config.examples import TRAIN


class PreviousStatisticsStrategy(resolver.ResolverStrategy):
    """Resolves the newest statistics that are older than those of this run.

    "Older", not "other": a rerun on unchanged examples has the statistics of the run
    before it, and is to be compared with what that one was compared with.
    """

    def resolve_artifacts(
        self, store: Any, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolves the statistics.

        Args:
          store: ML Metadata; not used.
          input_dict: `current` statistics, and all `previous` candidates.

        Returns:
          The same keys; `previous` holds at most one artifact.
        """
        current = input_dict["current"]
        older = [
            old
            for old in input_dict["previous"]
            # Statistics of what was served have no training split.
            if TRAIN in artifact_utils.decode_split_names(old.split_names)
            and old.id < current[0].id
        ]
        newest = max(older, key=lambda artifact: artifact.id, default=None)
        return {"current": current, "previous": [newest] if newest else []}
