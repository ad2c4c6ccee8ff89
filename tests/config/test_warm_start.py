"""The initial weights: the last release, or files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from config.parts import TrainerPart
from config.root import Config

Load = Callable[..., Config]


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
