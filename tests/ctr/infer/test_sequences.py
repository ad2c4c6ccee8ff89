"""Lists of the values of another column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config.features import ItemSequence
from config.load import load_config
from ctr.infer import infer_config

ROWS = 2_000


@pytest.fixture
def features(tmp_path: Path) -> Any:
    """A function: the features and the text that are inferred from columns."""

    def features(suffix: str = "csv", **columns: Any) -> tuple[dict[str, Any], str]:
        rng = np.random.default_rng(9)
        table = pd.DataFrame({**columns, "click": rng.integers(0, 2, ROWS)})
        path = tmp_path / f"a.{suffix}"
        if suffix == "csv":
            table.to_csv(path, index=False)
        else:
            table.to_parquet(path)
        text = infer_config([path], "click", folder=tmp_path)
        (tmp_path / "pipeline.yaml").write_text(text)
        return load_config(tmp_path / "pipeline.yaml").features, text

    return features


def _drawn(values: list[Any], seed: int) -> list[Any]:
    return np.random.default_rng(seed).choice(values, ROWS).tolist()


def _lists(values: list[Any], seed: int, most: int = 6) -> list[list[Any]]:
    """Lists of up to so many values, some of them empty."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, most, ROWS)
    return [rng.choice(values, size).tolist() for size in sizes]


def _joined(lists: list[list[Any]]) -> list[str]:
    return ["|".join(map(str, each)) for each in lists]


ADS = [f"a{number}" for number in range(200)]


def test_a_list_of_the_ids_of_a_column_is_a_sequence_like_it(features: Any):
    found, text = features(ad=_drawn(ADS, 0), clicked=_joined(_lists(ADS, 1)))

    assert found["clicked"] == ItemSequence(like="ad", delimiter="|")
    line = next(each for each in text.splitlines() if "clicked:" in each)
    assert "lists of 3.0 on average, of whose items 100% are values of 'ad'" in line
    assert "empty in 16%" in line
    assert "model: {kind: wide_deep}  # or din, " in text


def test_numbers_in_lists_of_parquet_are_ids_too(features: Any):
    ids = list(range(1_000_000, 1_000_200))
    found, _ = features("parquet", item_id=_drawn(ids, 0), seen=_lists(ids, 1))

    assert found["seen"] == ItemSequence(like="item_id")


def test_few_values_are_those_of_a_column_only_by_its_name(features: Any):
    colours = ["red", "blue", "green", "white"]
    lists = _joined(_lists(colours, 1))
    found, _ = features(colour=_drawn(colours, 0), past_colour=lists, tags=lists)

    assert found["past_colour"] == ItemSequence(like="colour", delimiter="|")
    assert found["tags"].kind == "categorical"


def test_of_two_columns_it_is_like_the_one_that_has_more_of_its_items(features: Any):
    other = [*ADS[:195], *"vwxyz"]
    found, _ = features(
        other=_drawn(other, 0), ad=_drawn(ADS, 1), clicked=_joined(_lists(ADS, 2))
    )

    assert found["clicked"].like == "ad"


def test_lists_of_other_values_stay_what_they_are(features: Any):
    mixed = [*ADS[:100], *(f"b{number}" for number in range(100))]
    found, _ = features(ad=_drawn(ADS, 0), clicked=_joined(_lists(mixed, 1)))

    assert found["clicked"].kind == "categorical"
