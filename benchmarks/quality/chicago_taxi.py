"""Chicago taxi: AUC on a random third, overall and of the trips paid by card.

    python -m benchmarks.quality.chicago_taxi            5 thirds
    python -m benchmarks.quality.chicago_taxi --choose   on a part of the others

Each seed has a third of its own: the trips paid by card of one third are so few that
their AUC differs by 0.01 from that of another. Settings are chosen with `--choose`, and
by nothing else.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality import command
from benchmarks.quality.data import hold_out
from benchmarks.quality.report import report

_NAME = "chicago_taxi"
_SLICE = {"payment_type": "Credit Card"}
_SPLITS = (
    "examples.hash_split=null",
    "examples.splits={train: train.csv, eval: test.csv}",
)


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    options = command.parse_real(__doc__, _NAME, "data.csv", arguments)
    tasks = [
        _task(options.data, options.work, seed, options.choose)
        for seed in range(1, options.seeds + 1)
    ]
    results = command.run(tasks, options)
    where = "a part of the train rows" if options.choose else "a random third"
    report(f"Chicago taxi, {where} held out", results, "Credit Card", out=options.out)


def _task(data: Path, work: Path, seed: int, choose: bool) -> command.Task:
    folder = work / f"{_NAME}-{seed}"
    hold_out(data / "data.csv", 1 / 3, seed, folder)
    if choose:
        file, folder = folder / "train.csv", work / f"{_NAME}-choose-{seed}"
        hold_out(file, 1 / 3, seed, folder)
    return command.Task(command.example(_NAME), folder, [seed], _SPLITS, _SLICE)


if __name__ == "__main__":
    main()
