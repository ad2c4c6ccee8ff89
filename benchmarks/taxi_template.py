"""A whole run on the Chicago taxi trips, beside TFX's own taxi template.

    python -m benchmarks.taxi_template

Copies the template that TFX ships, with all of its components switched on as its
tutorial does, and runs it and `examples/chicago_taxi/pipeline.yaml` in alternation on
the same 15,002 trips: as it is, which is up to 30 epochs, and with as much work as in
the template, which trains 1,000 steps of 40 examples on three features and has no infra
validation.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks import command_line
from benchmarks.places import CHECKOUT, REAL_DATA
from benchmarks.timed import Usage, timed

_BIN = Path(sys.executable).parent
# Four epochs of some 10,000 trips.
_AS_MUCH_WORK = (
    "training={epochs: 4, patience: 4, batch_size: 40}",
    "model.wide_deep.hidden_units=[16, 8]",
    "features={trip_miles: {kind: numeric}, pickup_latitude: {kind: numeric, "
    "buckets: 10}, trip_start_hour: {kind: categorical}}",
    "crosses=[]",
    "evaluation.slices=[]",
    "gates=[]",
    "infra_validation=null",
)


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=REAL_DATA / "chicago_taxi")
    options = parser.parse_args(arguments)
    if not (options.data / "data.csv").exists():
        print(f"skipped: {options.data / 'data.csv'} is missing; name its folder")
        sys.exit(0)
    sides: dict[str, Callable[[Path, Path], Usage]] = {
        "this project": _run_example,
        "as much work": functools.partial(_run_example, settings=_AS_MUCH_WORK),
        "TFX's template": _run_template,
    }
    usages: dict[str, list[Usage]] = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, run in sides.items():
            with tempfile.TemporaryDirectory() as folder:
                usages[name].append(run(options.data, Path(folder)))
    title = f"Chicago taxi, 15,002 trips, medians of {options.rounds}"
    command_line.show(title, ("", *sides), _rows(usages))
    command_line.write(options.out, usages)


def _run_example(data: Path, folder: Path, settings: Sequence[str] = ()) -> Usage:
    command = [
        *(str(_BIN / "ctr"), "run", "-c", "examples/chicago_taxi/pipeline.yaml"),
        *("--data", str(data), "--work-dir", str(folder)),
        *(option for setting in settings for option in ("--set", setting)),
    ]
    return timed(command, CHECKOUT)


def _run_template(data: Path, folder: Path) -> Usage:
    """Copies the template, completes it as its tutorial does, and runs it."""
    copy = [
        *(str(_BIN / "tfx"), "template", "copy", "--model", "taxi"),
        *("--pipeline-name", "taxi", "--destination-path", str(folder)),
    ]
    subprocess.run(copy, check=True, capture_output=True)
    shutil.copy(data / "data.csv", folder / "data")
    pipeline = folder / "pipeline" / "pipeline.py"
    code, count = re.subn(r"# (components\.append\()", r"\1", pipeline.read_text())
    assert count, "TFX's template has no components that are switched off any more"
    pipeline.write_text(code)
    return timed([sys.executable, "local_runner.py"], folder)


def _rows(usages: dict[str, list[Usage]]) -> Iterator[tuple[str, ...]]:
    """Medians, and their ratios to the template's."""
    for number, name in enumerate(("seconds", "CPU seconds", "peak memory, MiB")):
        values = [median(each[number] for each in runs) for runs in usages.values()]
        theirs = values.pop()
        ours = (f"{value:.4g} ({value / theirs:.2f})" for value in values)
        yield name, *ours, f"{theirs:.4g}"


if __name__ == "__main__":
    main()
