"""Lineage of a candidate, and its differences from the baseline."""

from __future__ import annotations

import platform
import re
from importlib import metadata

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.example_gen import utils

from components.evaluation_report.content import Source
from components.example_gen.files import input_patterns
from config.root import Config

# Packages that affect results; the lock file lists all.
_PACKAGES = (
    "ctr-pipeline",
    "tfx",
    "tensorflow",
    "keras",
    "tensorflow-transform",
    "tensorflow-model-analysis",
    "tensorflow-data-validation",
    "apache-beam",
    "ml-metadata",
    "numpy",
    "pyarrow",
)

# A line for each split, written by the driver of ExampleGen.
_FINGERPRINT = re.compile(
    r"split:(?P<split>[^,]+),num_files:(?P<files>\d+),total_bytes:(?P<bytes>\d+),"
    r"checksum:(?P<checksum>\w+)"
)


def sources(config: Config, examples: types.Artifact) -> tuple[Source, ...]:
    """The files of the examples, by what they are split into; `all` where by a hash."""
    patterns = input_patterns(config.examples)
    fingerprint = examples.get_string_custom_property(utils.FINGERPRINT_PROPERTY_NAME)
    return tuple(
        Source(
            split=found["split"],
            pattern=patterns[found["split"]],
            files=int(found["files"]),
            bytes=int(found["bytes"]),
            checksum=found["checksum"],
        )
        for found in _FINGERPRINT.finditer(fingerprint)
    )


def schema_text(schema: schema_pb2.Schema) -> str:
    """A schema, for people."""
    text: str = text_format.MessageToString(schema, as_utf8=True)
    return text


def schema_origin(config: Config) -> str:
    """Describes the origin of the schema."""
    file = config.validation.schema_file
    return "inferred from the training split" if file is None else f"curated: {file}"


def packages() -> dict[str, str]:
    """Returns the installed versions, by name."""
    versions = {name: metadata.version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), **versions}


def seeds(config: Config) -> dict[str, int]:
    """The seeds of a configuration."""
    found = {"training": config.training.seed}
    if config.tuning is not None:
        found["tuning"] = config.tuning.seed
    return found
