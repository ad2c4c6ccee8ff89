"""The benchmark of the input pipeline, on next to nothing."""

from __future__ import annotations

import json

from benchmarks.input_pipeline import main


def test_rates_and_ratios_are_printed_and_written(tmp_path, capsys):
    out = tmp_path / "figures.json"
    sizes = ["--rows", "300", "--batch-size", "64", "--memory-rows"]
    main([*sizes, "--rounds", "2", "--out", str(out)])

    assert "first epoch" in capsys.readouterr().out
    figures = json.loads(out.read_text())
    assert figures["peak_memory_bytes"] == {}
    (rounds,) = figures["rounds"].values()
    assert len(rounds) == 2
    assert all(rate > 0 for rates in rounds for rate in rates)
