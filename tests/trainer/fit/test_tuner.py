"""tuner_fn, as TFX's Tuner calls it."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest
from tfx.components.tuner import executor
from tfx.types import standard_artifacts

from config.errors import RunError
from config.parts import TunerPart
from config.tuning import Tuning
from trainer.fit.hyperparameters import decoded
from trainer.fit.tuner import tuner_fn

ENTIRE_SPACE = {
    "embedding_size": {"min": 2, "max": 5},
    "hidden_units": [[4], [8, 4]],
    "optimizer": ["adam", "adagrad"],
    "learning_rate": {"min": 0.001, "max": 0.1},
    "dropout": {"min": 0, "max": 0.5, "scale": "linear"},
    "wide_l1": [0, 0.1],
}


@pytest.fixture
def search(tiny, tmp_path_factory):
    """A function that searches, as TFX's executor does, and returns the tuner."""
    folder = tiny.schema.parent

    def search(kind="wide_deep", **settings):
        tuning = Tuning.model_validate(
            {"trials": 2, "epochs": 1, "search": "random", **settings}
        )
        model = tiny.config.model.model_copy(update={"kind": kind})
        config = tiny.config.model_copy(update={"model": model})
        part = TunerPart.of(config, tuning)
        result = tuner_fn(
            SimpleNamespace(
                custom_config={"part": part.model_dump_json()},
                transform_graph_path=str(folder / "graph"),
                train_files=[str(folder / "rows.gz")],
                working_dir=str(tmp_path_factory.mktemp("work")),
            )
        )
        result.tuner.search(**result.fit_kwargs)
        return result.tuner

    return search


def results(tuner, folder):
    """What TFX's executor writes: the best hyperparameters, and all trials."""
    artifacts = {
        "best_hyperparameters": standard_artifacts.HyperParameters(),
        "tuner_results": standard_artifacts.TunerResults(),
    }
    for key, artifact in artifacts.items():
        artifact.uri = str(folder / key)
    executor.write_best_hyperparameters(tuner, {k: [a] for k, a in artifacts.items()})
    (best,) = (folder / "best_hyperparameters").iterdir()
    (trials,) = (folder / "tuner_results").iterdir()
    return json.loads(best.read_text()), json.loads(trials.read_text())


def test_the_best_trial_comes_first(search, tiny, tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="trainer"):
        tuner = search(space=ENTIRE_SPACE)
    best, trials = results(tuner, tmp_path)

    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in lines] == ["trial 1 of 2", "trial 2 of 2"]
    assert all(0 < trial["score"] < 1 for trial in trials)
    assert trials[0]["score"] >= trials[1]["score"]
    assert best["values"].items() <= trials[0].items()
    values = decoded(best["values"])
    assert set(values) == set(ENTIRE_SPACE)
    assert values["hidden_units"] in ENTIRE_SPACE["hidden_units"]
    assert 0.001 <= values["learning_rate"] <= 0.1
    assert values["embedding_size"] in (2, 3, 4, 5)
    assert 0 < values["dropout"] < 0.5, "whole bounds do not make whole numbers"
    settings = tiny.part.with_values(values).model_settings
    assert settings.hidden_units == tuple(values["hidden_units"])


def test_a_trial_depends_on_its_values_and_the_seed_only(search):
    first, again = (search("linear", space={"wide_l1": [0.1]}) for _ in range(2))
    assert len(_trials(first)) == 1, "there is nothing else to try"
    assert [t.score for t in _trials(again)] == [t.score for t in _trials(first)]


def test_bayesian_search_completes_its_trials(search):
    space = {"wide_l1": {"min": 0, "max": 0.5, "scale": "linear"}}
    # The first is random, and the other two are not.
    trials = _trials(search("linear", space=space, search="bayesian", trials=3))
    assert all(trial.status == "COMPLETED" for trial in trials)
    assert len({trial.hyperparameters.values["wide_l1"] for trial in trials}) == 3


def test_hyperband_trains_the_best_third_for_longer(search):
    trials = _trials(search(space=ENTIRE_SPACE, search="hyperband", trials=9, epochs=3))
    # Three draws, the best of them again, and two draws that are not halved.
    epochs = [trial.hyperparameters.values["tuner/epochs"] for trial in trials]
    assert epochs == [1, 1, 1, 3, 3, 3, 1, 1, 1], "and then over again"
    best = max(trials[:3], key=lambda trial: trial.score)
    assert _values(trials[3]) == _values(best)
    assert _values(best) not in map(_values, trials[4:6])


def test_a_trial_has_its_batch_size(search):
    trials = _trials(search(space={"batch_size": [4, 64]}))
    assert len({trial.score for trial in trials}) == 2


def test_a_trial_that_diverges_is_left_out(search, tmp_path, caplog):
    space = {"learning_rate": [1e30, 0.01]}
    with caplog.at_level(logging.INFO, logger="trainer"):
        best, trials = results(search(space=space), tmp_path)
    assert [trial["learning_rate"] for trial in trials] == [0.01]
    assert best["values"] == {"learning_rate": 0.01}
    assert "1e+30: failed" in caplog.text


def test_failures_alone_are_an_error(search):
    with pytest.raises(RunError, match="1 trials"):
        search(space={"learning_rate": [1e30]})


def _values(trial):
    return decoded(trial.hyperparameters.values)


def _trials(tuner):
    return list(tuner.oracle.trials.values())
