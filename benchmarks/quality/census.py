"""Census income: AUC on the official test rows.

    python -m benchmarks.quality.census             5 seeds, on the test rows
    python -m benchmarks.quality.census --choose    on parts of the train rows

Settings are chosen with `--choose`, and by nothing else.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.quality import command
from benchmarks.quality.data import hold_out
from benchmarks.quality.report import report

_NAME = "census"


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    options = command.parse_real(__doc__, _NAME, "train.csv", arguments)
    seeds = range(1, options.seeds + 1)
    if options.choose:
        tasks = [_held_out(options.data, options.work, seed) for seed in seeds]
    else:
        tasks = [command.Task(command.example(_NAME), options.data, seeds)]
    results = command.run(tasks, options)
    where = "held-out train rows" if options.choose else "official test rows"
    report(f"Census income, {where}", results, out=options.out)


def _held_out(data: Path, work: Path, seed: int) -> command.Task:
    folder = work / f"{_NAME}-choose-{seed}"
    hold_out(data / "train.csv", 0.25, seed, folder)
    return command.Task(command.example(_NAME), folder, [seed])


if __name__ == "__main__":
    main()
