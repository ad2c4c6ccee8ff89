"""A model as `ctr neighbors` finds it."""

from __future__ import annotations

import numpy as np
import pytest

from config.embeddings import embeddings_file, to_parquet

CONFIG = """
name: ads
examples: {splits: {train: train.csv, eval: eval.csv}}
label: {column: click}
features:
  ad_id: {kind: categorical}
  user_id: {kind: categorical}
  interests: {kind: categorical, delimiter: "|"}
  site: {kind: hashed, buckets: 10}
  price: {kind: numeric}
"""
# a1 and a2 point the same way, b1 and b2 another.
VECTORS = {"a1": [1.0, 0.0], "a2": [4.0, 1.0], "b1": [0.0, 1.0], "b2": [-1.0, 2.0]}


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / "pipeline.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def config(config_file):
    from config.load import load_config

    return load_config(config_file)


@pytest.fixture
def model_dir(tmp_path):
    """Two released versions; the newer one has vectors of ads."""
    folder = tmp_path / "models"
    for version in ("9", "10", ".incoming-1"):
        (folder / version).mkdir(parents=True)
        (folder / version / "saved_model.pb").write_text("")
    path = folder / embeddings_file("10", "ad_id")
    path.parent.mkdir(parents=True)
    vectors = np.array(list(VECTORS.values()), np.float32)
    path.write_bytes(to_parquet([term.encode() for term in VECTORS], vectors))
    return folder
