"""Item to item, by exported vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from config.embeddings import embeddings_file, to_parquet
from config.errors import InputError
from ctr.neighbors.models import newest_model
from ctr.neighbors.similar import find_similar


@pytest.fixture
def model(model_dir):
    return newest_model(model_dir)


def test_the_newest_version_is_asked(model_dir):
    assert newest_model(model_dir) == model_dir / "10"
    assert newest_model(model_dir / "9") == model_dir / "9"


def test_a_folder_without_a_model_is_told(tmp_path):
    for folder in (tmp_path, tmp_path / "no"):
        with pytest.raises(InputError, match="there is no released model"):
            newest_model(folder)


def test_neighbours_are_the_terms_with_the_nearest_vectors(config, model):
    similar = find_similar(config, model, "ad_id", "a1", top=2)

    assert [neighbor.value for neighbor in similar.neighbors] == ["a2", "b1"]
    assert similar.neighbors[0].similarity == pytest.approx(4 / 17**0.5)
    assert similar.neighbors[1].similarity == pytest.approx(0)
    assert similar.terms == 4


@pytest.mark.parametrize("value", ["7", "7.0", "0.7E1"])
def test_a_number_is_asked_for_in_any_notation(config, model, value):
    vectors = np.eye(2, dtype=np.float32)
    path = Path(embeddings_file(str(model), "ad_id"))
    path.write_bytes(to_parquet([b"7", b"8"], vectors))
    assert find_similar(config, model, "ad_id", value, top=1).value == "7"


@pytest.mark.parametrize(
    ("feature", "value", "message"),
    [
        ("ad_id", "a11", "--value a11: .* vocabulary of 4; did you mean 'a1'"),
        ("ad_id", "1.0E20", "--value 1.0E20: "),
        ("ad_id", "zzzz", "--value zzzz: .* vocabulary of 4$"),
        ("adid", "a1", "--feature adid: .* no such feature; did you mean 'ad_id'"),
        ("user_id", "u1", "no vectors of it, only those of ad_id; .* with user_id in"),
        ("price", "1", "--feature price: it is numeric; only categorical"),
        ("site", "x", "--feature site: it is hashed; only categorical"),
    ],
)
def test_what_is_unknown_is_told_with_what_is_like_it(
    config, model, feature, value, message
):
    with pytest.raises(InputError, match=message):
        find_similar(config, model, feature, value, top=2)


def test_a_model_without_vectors_is_told(config, model_dir):
    with pytest.raises(InputError, match="no vectors of it, none at all; release one"):
        find_similar(config, model_dir / "9", "ad_id", "a1", 2)
