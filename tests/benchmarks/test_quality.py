"""The benchmarks of quality, on so few rows that their figures mean nothing."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("lightgbm", reason="needs the extra 'benchmarks'")


@pytest.mark.slow
def test_simulated_clicks(tmp_path, capsys):
    from benchmarks.quality import ad_click

    out = tmp_path / "figures.json"
    ad_click.main(
        [
            *("--rows", "4000", "--seeds", "1", "--models", "wide_deep"),
            *("--set", "training.epochs=1"),
            *("--work", str(tmp_path), "--out", str(out)),
        ]
    )

    figures = json.loads(out.read_text())
    assert list(figures["results"]) == [
        "logistic regression",
        "LightGBM",
        "wide_deep",
        "wide_deep without crosses",
    ]
    assert figures["gap_closed"]["logistic regression"] == 0
    assert "best possible AUC" in capsys.readouterr().out


@pytest.mark.slow
def test_simulated_sequences(tmp_path, capsys):
    from benchmarks.quality import sequences

    out = tmp_path / "figures.json"
    sequences.main(
        [
            *("--rows", "4000", "--seeds", "2", "--set", "training.epochs=1"),
            *("--work", str(tmp_path), "--out", str(out)),
        ]
    )

    results = json.loads(out.read_text())["results"]
    mean, din = (
        [run["auc"] for run in results[name]] for name in ("embedding_mlp", "din")
    )
    first, second = (one - other for one, other in zip(din, mean, strict=True))
    # Of two numbers, half their distance.
    error = abs(first - second) / 2
    expected = f"AUC {(first + second) / 2:+.4f}, standard error {error:.4f}"
    printed = capsys.readouterr().out
    assert f"din - embedding_mlp: {expected}" in printed
    assert "best possible AUC" in printed


@pytest.mark.parametrize(
    "name", ["quality.census", "quality.chicago_taxi", "taxi_template"]
)
def test_without_its_data_a_benchmark_says_so(name, tmp_path, capsys):
    from importlib import import_module

    benchmark = import_module(f"benchmarks.{name}")
    with pytest.raises(SystemExit) as stopped:
        benchmark.main(["--data", str(tmp_path)])

    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("skipped: ")


def test_rows_are_held_out_at_random_but_the_same_each_time(tmp_path):
    from benchmarks.quality.data import hold_out

    rows = [f"{number},0" for number in range(1000)]
    (tmp_path / "all.csv").write_text("\n".join(["number,click", *rows]) + "\n")
    for folder in ("a", "b"):
        hold_out(tmp_path / "all.csv", 0.25, 7, tmp_path / folder)
    train, test = (
        (tmp_path / "a" / name).read_text().splitlines()
        for name in ("train.csv", "test.csv")
    )

    assert train[0] == test[0] == "number,click"
    assert sorted(train[1:] + test[1:]) == sorted(rows)
    assert 200 < len(test) < 300
    for name in ("train.csv", "test.csv"):
        written = (tmp_path / folder / name for folder in ("a", "b"))
        assert len({file.read_text() for file in written}) == 1
