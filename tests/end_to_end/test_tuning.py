"""A run that tunes, and its rerun."""

from __future__ import annotations

import json

import tensorflow as tf

from ctr import cli

TUNING = {
    "trials": 2,
    "epochs": 1,
    "space": {
        # None of them is the size configured.
        "embedding_size": [2, 6],
        "hidden_units": [[8], [8, 4]],
        "learning_rate": {"min": 0.01, "max": 0.1},
    },
}


def test_the_best_trial_feeds_the_trainer(problem, capfd):
    problem.write({**problem.settings, "tuning": TUNING})
    result = problem.run("--set", "training.epochs=1")
    assert result.returncode == 0, result.stdout + result.stderr
    summary = problem.summary()
    best, worst = summary["trials"]
    assert best["auc"] >= worst["auc"]
    assert {best["number"], worst["number"]} == {1, 2}
    assert set(best["values"]) == set(TUNING["space"])
    assert "Tuner: trial 2 of 2: embedding_size " in result.stdout
    assert f"Tuned: embedding_size {best['values']['embedding_size']}" in result.stdout
    variables = tf.train.list_variables(f"{summary['model_dir']}/variables/variables")
    shapes = {tuple(shape) for _, shape in variables}
    # `ad_id` has 100 buckets and a missing value; its wide part has size 1.
    sizes = {shape[1] for shape in shapes if shape[:1] == (101,) and shape[1:] != (1,)}
    assert sizes == {best["values"]["embedding_size"]}

    # Another training of the best trial: no other trials.
    result = problem.run()
    assert result.returncode == 0, result.stdout + result.stderr
    again = problem.summary()
    hits = {c["id"]: c["cached"] for c in again["components"]}
    assert hits["Tuner"]
    assert not hits["Trainer"]
    assert again["trials"] == summary["trials"]

    options = ["-c", str(problem.config), "--work-dir", str(problem.work_dir)]
    assert cli.main(["trials", "--json", *options]) == 0
    assert json.loads(capfd.readouterr().out) == again["trials"]
    assert (problem.work_dir / "latest" / "trials.html").exists()
