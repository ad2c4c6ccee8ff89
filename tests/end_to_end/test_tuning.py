"""A run that tunes, and its rerun."""

from __future__ import annotations

import json

from trainer.warm_start.exported_model import ExportedModel

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


def test_the_best_trial_feeds_the_trainer(released, ctr):
    released.write({**released.settings, "tuning": TUNING})
    ended = ctr(*released.command("--set", "training.epochs=1"))
    summary = released.summary()
    best, worst = summary["trials"]
    assert best["auc"] >= worst["auc"]
    assert {best["number"], worst["number"]} == {1, 2}
    assert set(best["values"]) == set(TUNING["space"])
    size = best["values"]["embedding_size"]
    assert f"Tuned: embedding_size {size}" in ended.out
    table = ExportedModel(summary["model_dir"]).weights("deep.embedding.ad_id/table")
    # `ad_id` has 100 buckets and a missing value.
    assert table.shape == (101, size)

    # Another training of the best trial: no other trials.
    ctr(*released.command())
    again = released.summary()
    hits = {each["id"]: each["cached"] for each in again["components"]}
    assert hits["Tuner"]
    assert not hits["Trainer"]
    assert again["trials"] == summary["trials"]

    shown = ctr("trials", "--json", *released.options).out
    assert json.loads(shown) == again["trials"]
    assert (released.work_dir / "latest" / "trials.html").exists()
