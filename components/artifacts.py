"""Artifact types of our own."""

from __future__ import annotations

from tfx.types import artifact

# Custom property of ExampleAnomalies: the id of the statistics that passed.
VALIDATED_STATISTICS = "validated_statistics"


class Release(artifact.Artifact):
    """The record of a release, or of a candidate that was not released.

    Attributes:
      released: 1 where the model was released, else 0.
      version: The version that serves it.
      path: The version directory.
      model_uri: The URI of the Model artifact.
      training: Identifies what the model was trained from: see `training_key`.
    """

    TYPE_NAME = "Release"
    PROPERTIES = {
        "released": artifact.Property(type=artifact.PropertyType.INT),
        "version": artifact.Property(type=artifact.PropertyType.INT),
        "path": artifact.Property(type=artifact.PropertyType.STRING),
        "model_uri": artifact.Property(type=artifact.PropertyType.STRING),
        "training": artifact.Property(type=artifact.PropertyType.STRING),
    }


def training_key(transform_graph_uri: str, trainer: str) -> str:
    """Identifies a training: its transformed data, and the Trainer's part and code.

    Args:
      transform_graph_uri: URI of the TransformGraph; a cached Transform repeats it.
      trainer: Fingerprint of the Trainer's configuration and code.
    """
    return f"{transform_graph_uri}#{trainer}"
