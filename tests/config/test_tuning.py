"""The search space: its defaults around the configured model, and its encoding."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from config.model import Model
from config.parts import TrainerPart, TunerPart
from config.root import Config
from config.training import Training
from config.tuning import Range, check_space, default_space
from trainer.fit.hyperparameters import decoded, encoded

Load = Callable[..., Config]


def test_nothing_is_tuned_by_default(load: Load):
    assert load().tuning is None


def test_the_default_space_is_around_the_model(load: Load):
    config = load("tuning={}", "model={kind: embedding_mlp, embedding_size: 8}")
    assert config.tuning is not None
    space = config.tuning.space
    assert set(space) == {
        *("batch_size", "embedding_size", "hidden_units"),
        *("learning_rate", "dropout", "embedding_l2"),
    }
    assert space["batch_size"] == (256, 512, 1024)
    assert space["embedding_size"] == (4, 8, 16)
    assert space["hidden_units"] == ([128, 64, 32], [256, 128, 64], [512, 256, 128])
    rates = space["learning_rate"]
    assert isinstance(rates, Range)
    assert rates.scale == "log"
    assert math.sqrt(rates.min * rates.max) == pytest.approx(1e-3)


@pytest.mark.parametrize("kind", Model.kinds())
def test_every_kind_has_a_default_space(kind: str):
    model = Model(kind=kind)
    space = default_space(model, Training())
    check_space(space, model)
    assert any(name.endswith("learning_rate") for name in space)
    assert ("embedding_size" in space) == (kind != "linear")


@pytest.mark.parametrize(
    ("size", "choices"), [(1, (1, 2)), ("n^0.25", ("n^0.25", "6n^0.25"))]
)
def test_default_embedding_sizes(size: int | str, choices: tuple[int | str, ...]):
    space = default_space(Model(embedding_size=size), Training())
    assert space["embedding_size"] == choices


@pytest.mark.parametrize(
    "choices",
    [
        [0, 0.5],
        [8, "6n^0.25"],
        [True, False],
        [[64, 32], [8]],
    ],
)
def test_choices_pass_through_keras_tuner(choices: list[object]):
    as_given = encoded(choices)
    assert len({type(choice) for choice in as_given}) == 1
    assert [decoded({"x": choice})["x"] for choice in as_given] == choices


def test_numbers_stay_numbers_whose_order_counts():
    assert encoded([8, 16]) == [8, 16]


def test_the_trainer_takes_the_values(load: Load):
    part = TrainerPart.of(load("training.warm_start.model=last_release"))
    assert TrainerPart.model_validate_json(part.model_dump_json()) == part
    values = {"embedding_size": 2, "hidden_units": [3], "wide_l1": 0.5, "batch_size": 9}
    tuned = part.with_values(values)
    assert tuned.embedding_size == 2
    assert tuned.training == part.training.model_copy(update={"batch_size": 9})
    assert tuned.model_settings.model_dump() == {
        **part.model_settings.model_dump(),
        "hidden_units": (3,),
        "wide_l1": 0.5,
    }


def test_the_tuner_trains_in_its_own_way(load: Load):
    config = load(
        "tuning={epochs: 2, seed: 7}",
        "training={epochs: 9, seed: 3, patience: 4, distribution: {}}",
        "calibration.method=platt",
    )
    assert config.tuning is not None
    trainer = TunerPart.of(config, config.tuning).trainer
    assert trainer.calibration.method == "none"
    training = trainer.training
    assert (training.epochs, training.seed, training.patience) == (2, 7, 4)
    assert training.distribution is None
