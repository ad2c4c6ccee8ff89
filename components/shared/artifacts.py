"""Artifact types of our own."""

from __future__ import annotations

from typing import Any, TypeAlias

from tfx.types import artifact

from components.shared.release_records import RECORD_PROPERTY, RELEASE_TYPE

# Arguments of an executor: artifacts by input or output, and execution parameters.
Artifacts: TypeAlias = dict[str, list[artifact.Artifact]]
Properties: TypeAlias = dict[str, Any]

# Custom property of ExampleAnomalies: the id of the statistics that passed.
VALIDATED_STATISTICS = "validated_statistics"


class HtmlReport(artifact.Artifact):
    """A page about a run, and what it shows as JSON.

    Kubeflow Pipelines shows artifacts whose type has this name.
    """

    TYPE_NAME = "HTML"


class ReleaseDecision(artifact.Artifact):
    """Decision on a candidate, in a file: see `Decision`.

    Attributes:
      status: The same in one word.
    """

    TYPE_NAME = "ReleaseDecision"
    PROPERTIES = {"status": artifact.Property(type=artifact.PropertyType.STRING)}


class Release(artifact.Artifact):
    """The outcome for a candidate, or a person's decision: see `ReleaseRecord`.

    Attributes:
      record: The record as JSON.
    """

    TYPE_NAME = RELEASE_TYPE
    PROPERTIES = {RECORD_PROPERTY: artifact.Property(type=artifact.PropertyType.STRING)}


def training_key(transform_graph_uri: str, trainer: str) -> str:
    """Identifies a training: its transformed data, and the Trainer's part and code.

    Args:
      transform_graph_uri: URI of the TransformGraph; a cached Transform repeats it.
      trainer: Fingerprint of the Trainer's configuration and code.
    """
    return f"{transform_graph_uri}#{trainer}"
