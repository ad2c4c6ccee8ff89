"""Artifacts as the components of TFX leave them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils

from components.shared.artifacts import Release
from components.shared.statistics import Statistics
from serving.releases.records import ReleaseRecord


def artifact(kind: type, folder: Path | str) -> Any:
    """An artifact of a type in a folder."""
    made = kind()
    made.uri = str(folder)
    return made


def release(record: ReleaseRecord) -> Release:
    """The artifact of a record; its id is that of the record."""
    made = Release()
    made.id, made.record = record.id, record.model_dump_json()
    return made


def statistics_of(table: pd.DataFrame) -> Statistics:
    """The statistics of a table."""
    return tfdv.generate_statistics_from_dataframe(table, n_jobs=1)


def statistics(
    folder: Path, tables: Mapping[str, pd.DataFrame]
) -> standard_artifacts.ExampleStatistics:
    """The statistics of tables, by split."""
    made = artifact(standard_artifacts.ExampleStatistics, folder)
    made.split_names = artifact_utils.encode_split_names(sorted(tables))
    for split, table in tables.items():
        path = folder / f"Split-{split}" / "FeatureStats.pb"
        io_utils.write_bytes_file(str(path), statistics_of(table).SerializeToString())
    return made


def schema(folder: Path, content: schema_pb2.Schema) -> standard_artifacts.Schema:
    """A schema."""
    io_utils.write_pbtxt_file(str(folder / "schema.pbtxt"), content)
    return artifact(standard_artifacts.Schema, folder)
