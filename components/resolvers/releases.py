"""Finds the last released model, and what was decided on a candidate before."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.dsl.components.common import resolver
from tfx.dsl.io import fileio

from components.example_gen.spans import newest_span
from components.shared.artifacts import training_key
from components.shared.release_records import history_of
from config.spans import is_earlier
from serving.releases.records import ReleaseHistory, ReleaseRecord

Artifacts = dict[str, list[types.Artifact]]


class LastReleaseStrategy(resolver.ResolverStrategy):
    """Resolves the model released last, other than by the training at hand.

    TFX's LatestBlessedModelStrategy looks at blessings, so a candidate that passed but
    was never released would become the baseline; this one looks at releases, whoever
    approved them, and leaves out refused models. It leaves out releases of the very
    training that is running: an unchanged rerun then resolves what the run before it
    resolved, so everything downstream is served from the cache. And it leaves out
    models trained on newer spans than this run: to start from one, or to be compared
    with it, would leak the future.

    Args:
      trainer: Fingerprint of the Trainer's configuration and code.
      can_see_artifacts: True if files of earlier runs can be read here.
    """

    def __init__(self, trainer: str, can_see_artifacts: bool = True):
        self._trainer = trainer
        self._can_see_artifacts = can_see_artifacts

    def resolve_artifacts(self, store: Any, input_dict: Artifacts) -> Artifacts:
        """Resolves `model` and `release` to at most one artifact.

        `examples` and `transform_graph` are those of this run, `model` and `release`
        all artifacts of the pipeline.
        """
        training = training_key(input_dict["transform_graph"][0].uri, self._trainer)
        span = newest_span(input_dict["examples"][0])
        models = {model.uri: model for model in input_dict["model"]}
        history = _history(input_dict["release"])
        others = [
            release
            for release in history.releases
            if release.training != training
            and history.refusal(release.digest) is None
            and history.digest_at(release.model_uri) == release.digest
            and release.model_uri in models
            and not is_earlier(span, release.span)
            and self._is_there(release.model_uri)
        ]
        last = others[-1] if others else None
        return {
            **input_dict,
            "model": [models[last.model_uri]] if last else [],
            "release": _artifact_of(last, input_dict["release"]),
        }

    def _is_there(self, model_uri: str) -> bool:
        """Artifacts may have been moved, or removed to save space."""
        return not self._can_see_artifacts or fileio.exists(model_uri)


class StandingDecisionStrategy(resolver.ResolverStrategy):
    """Resolves what was decided on a candidate's model before, and the last release.

    So a run that trains nothing new repeats what a person decided, instead of asking
    again, or of releasing a rejected model; and a run of an earlier span does not
    replace the last release by itself.
    """

    def resolve_artifacts(self, store: Any, input_dict: Artifacts) -> Artifacts:
        """Resolves all releases to at most one under each of three keys.

        `refusal` is the record by which a person refused the model of this run;
        `release` the one by which the model is the last released; `last` the last
        release of any model.
        """
        (model,) = input_dict["model"]
        history = _history(input_dict["last"])
        digest, last = history.digest_at(model.uri), history.last
        found = {
            "refusal": None if digest is None else history.refusal(digest),
            "release": last if last and last.digest == digest else None,
            "last": last,
        }
        return {
            "model": [model],
            **{
                key: _artifact_of(record, input_dict[key])
                for key, record in found.items()
            },
        }


def _history(releases: list[types.Artifact]) -> ReleaseHistory:
    return history_of(release.mlmd_artifact for release in releases)


def _artifact_of(
    record: ReleaseRecord | None, releases: list[types.Artifact]
) -> list[types.Artifact]:
    return [each for each in releases if record is not None and each.id == record.id]
