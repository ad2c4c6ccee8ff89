"""Finds the statistics of the run, or of the span, before."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.common import resolver

from components.shared.artifacts import VALIDATED_STATISTICS


class PreviousStatisticsStrategy(resolver.ResolverStrategy):
    """Resolves the newest valid statistics that are older than those of this run.

    "Valid", so that examples that were refused do not become what the next ones are
    compared with.

    "Older", not "other": a rerun on unchanged examples has the statistics of the run
    before it, and is to be compared with what that one was compared with. Where the
    examples are in spans, those of an earlier span are older, whenever they were
    computed: neither is a day compared with itself, nor a late one with a newer one.
    """

    def resolve_artifacts(
        self, store: Any, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolves `previous`, all other statistics, to at most one artifact.

        `anomalies` exist for statistics that passed validation.
        """
        (current,) = input_dict["current"]
        valid = {
            anomalies.get_int_custom_property(VALIDATED_STATISTICS)
            for anomalies in input_dict["anomalies"]
        }
        older = [
            old
            for old in input_dict["previous"]
            if old.id in valid and _is_older(old, current)
        ]
        newest = max(older, key=_age, default=None)
        return {
            "current": [current],
            "previous": [newest] if newest else [],
            "anomalies": [],
        }


def _is_older(old: types.Artifact, current: types.Artifact) -> bool:
    if old.span or current.span:
        return bool(old.span < current.span)
    return bool(old.id < current.id)


def _age(statistics: types.Artifact) -> tuple[int, int]:
    """By span, which is 0 where there is none; of one span the last computed."""
    return statistics.span, statistics.id
