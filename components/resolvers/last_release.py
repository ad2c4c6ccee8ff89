"""Finds the last released model."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.common import resolver
from tfx.dsl.io import fileio

from components.artifacts import training_key
from components.lineage import Lineage, newest_span
from components.release_records import ReleaseHistory
from pipeline.config.spans import is_earlier


class LastReleaseStrategy(resolver.ResolverStrategy):
    """Resolves the model released last, other than by the training at hand.

    TFX's LatestBlessedModelStrategy looks at blessings, so a candidate that passed but
    was never released would become the baseline; this one looks at releases, whoever
    approved them, and leaves out what a person took back. It leaves out releases of the
    very training that is running: an unchanged rerun then resolves what the run before
    it resolved, so everything downstream is served from the cache. And it leaves out
    models that have seen newer spans than this run: to start from one, or to be
    compared with it, would let the future in.
    """

    def __init__(self, trainer: str, can_see_artifacts: bool = True):
        """Builds the strategy.

        Args:
          trainer: Fingerprint of the Trainer's configuration and code.
          can_see_artifacts: Whether files of earlier runs can be looked at here.
        """
        self._trainer = trainer
        self._can_see_artifacts = can_see_artifacts

    def resolve_artifacts(
        self, store: Any, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolves the model.

        Args:
          store: ML Metadata.
          input_dict: `transform_graph` of this run, and all `model` and `release`
            artifacts of the pipeline.

        Returns:
          The same keys; `model` and `release` hold at most one artifact.
        """
        graphs = input_dict["transform_graph"]
        training = training_key(graphs[0].uri, self._trainer)
        span = newest_span(Lineage(store), graphs[0].id)
        models = {model.uri: model for model in input_dict["model"]}
        history = ReleaseHistory.of(
            release.mlmd_artifact for release in input_dict["release"]
        )
        others = [
            release
            for release in history.releases()
            if release.training != training
            and history.refusal(release.model_uri) is None
            and release.model_uri in models
            and not is_earlier(span, release.span)
            and self._is_there(release.model_uri)
        ]
        if not others:
            return {"transform_graph": graphs, "model": [], "release": []}
        # That of the run that made it: unchanged runs add records of their own.
        first = history.first_of(others[-1])
        return {
            "transform_graph": graphs,
            "model": [models[first.model_uri]],
            "release": [each for each in input_dict["release"] if each.id == first.id],
        }

    def _is_there(self, model_uri: str) -> bool:
        """Artifacts may have been moved, or removed to save space."""
        return not self._can_see_artifacts or fileio.exists(model_uri)
