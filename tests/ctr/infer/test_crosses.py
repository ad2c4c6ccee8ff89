"""Crosses are proposed where they help on rows that are held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from ctr.infer import infer_config
from ctr.infer.crosses import Proposal, propose_crosses
from ctr.simulate import simulate

ROWS = 20_000
SIZES = {"a": 2, "b": 5, "c": 24, "d": 100, "e": 3_000, "f": 10}


def features(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {name: rng.integers(0, size, ROWS) for name, size in SIZES.items()}


def draw(rng: np.random.Generator, logits: np.ndarray) -> np.ndarray:
    return (rng.random(ROWS) < 1 / (1 + np.exp(-logits))).astype(np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_noise_gives_no_cross(seed: int):
    rng = np.random.default_rng(seed)
    codes = features(rng)
    additive = -1 + 0.5 * codes["a"] + rng.normal(size=24)[codes["c"]]
    assert propose_crosses(codes, draw(rng, additive)) == []


@pytest.mark.parametrize("seed", range(5))
def test_pairs_that_work_together_are_found(seed: int):
    rng = np.random.default_rng(seed)
    codes = features(rng)
    together = np.where((codes["a"] == 1) == (codes["b"] > 2), 0.5, -0.5)
    table = rng.normal(0, 0.5, (24, 10))[codes["c"], codes["f"]]
    found = propose_crosses(codes, draw(rng, -1 + together + table))
    assert {proposal.features for proposal in found} == {("a", "b"), ("c", "f")}
    assert all(proposal.errors >= 4 for proposal in found)


def test_copy_of_a_feature_gives_no_second_cross():
    rng = np.random.default_rng(0)
    codes = features(rng)
    labels = draw(rng, np.where((codes["a"] == 1) == (codes["b"] > 2), 1.0, -1.0))
    (found,) = propose_crosses({**codes, "copy": codes["b"]}, labels)
    assert found.features in {("a", "b"), ("a", "copy")}


def test_rare_clicks_and_few_rows_give_none():
    rng = np.random.default_rng(0)
    codes = {name: values[:20] for name, values in features(rng).items()}
    assert propose_crosses(codes, np.array([1] + [0] * 19)) == []
    assert propose_crosses({}, np.array([0, 1])) == []


def test_buckets_are_enough_for_the_combinations():
    few, many = (
        Proposal(("a", "b"), 0.01, 9.0, combinations) for combinations in (100, 5_000)
    )
    assert few.cross.buckets == 10_000
    assert many.cross.buckets == 500_000


def test_true_crosses_of_the_simulated_clicks_are_found(tmp_path: Path):
    simulate(tmp_path, rows=100_000, days=8, seed=1)
    files = sorted((tmp_path / "clicks").iterdir())
    crosses = yaml.safe_load(infer_config(files, "click", folder=tmp_path))["crosses"]
    pairs = [each if isinstance(each, list) else each["features"] for each in crosses]
    # Beside them users and ages have a taste for categories, which is no cross.
    true = [{"gender", "category"}, {"city", "advertiser"}, {"device", "hour"}]
    assert [pair for pair in map(set, pairs) if pair in true] == true
    others = [set(pair) for pair in pairs if set(pair) not in true]
    assert all("category" in pair for pair in others)
