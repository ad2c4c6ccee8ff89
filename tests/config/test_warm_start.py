"""What the weights start from: paths, and what a person is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config.parts import TrainerPart
from config.root import Config

Load = Callable[..., Config]
Message = Callable[..., str]


def test_weights_are_random_by_default(load: Load):
    assert load().training.warm_start is None


def test_the_last_release_is_no_path(load: Load):
    config = load("training.warm_start.model=last_release")
    start = config.training.warm_start
    assert start is not None
    assert start.model == "last_release"
    assert start.vectors == {}
    part = TrainerPart.of(config)
    assert TrainerPart.model_validate_json(part.model_dump_json()) == part


def test_paths_are_relative_to_the_file(load: Load, tmp_path: Path):
    start = load(
        "training.warm_start.model=../models/ads",
        "training.warm_start.vectors={gender: vectors/gender.parquet}",
    ).training.warm_start
    assert start is not None
    assert start.model == str(tmp_path.parent / "models" / "ads")
    assert start.vectors == {"gender": str(tmp_path / "vectors" / "gender.parquet")}


WHERE = "training.warm_start"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("={}", f"{WHERE}: give 'model', 'vectors' or both"),
        ("={model: null}", f"{WHERE}: give 'model', 'vectors' or both"),
        (".x=1", f"{WHERE}: unknown key 'x'; allowed: model, vectors"),
        (".model=3", f"{WHERE}.model: got 3; input should be a valid string"),
        (".model=''", f"{WHERE}.model: got ''; string should have at least 1 char"),
        ("=last_release", f"{WHERE}: got 'last_release'; expected a block of keys"),
        (
            ".vectors={sex: f}",
            f"{WHERE}.vectors: unknown feature 'sex'; allowed: age, gender, user",
        ),
        (
            ".vectors={user: f}",
            f"{WHERE}.vectors: 'user' is hashed; only categorical features have",
        ),
        (".vectors={age: f}", f"{WHERE}.vectors: 'age' is numeric; only categorical"),
    ],
)
def test_what_does_not_fit(message: Message, override: str, expected: str):
    assert message(f"{WHERE}{override}").startswith(expected)


def test_vectors_need_a_model_with_embeddings(message: Message):
    line = message(f"{WHERE}.vectors={{gender: f}}", "model.kind=linear")
    assert line == (
        f"{WHERE}.vectors: linear has no embeddings; remove this key, or choose "
        "another model.kind"
    )
