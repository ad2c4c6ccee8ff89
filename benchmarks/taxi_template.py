"""A whole run on the Chicago taxi trips, beside TFX's own taxi template.

    python -m benchmarks.taxi_template

Copies the template that TFX ships, with all of its components switched on as its
tutorial does, and runs it and `examples/chicago_taxi/pipeline.yaml` in alternation on
the same 15,002 trips. The template trains 1,000 steps of 40 examples and has neither
infra validation, nor a report, nor slices.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks import command_line
from benchmarks.places import CHECKOUT, REAL_DATA
from benchmarks.timed import Usage, timed

_BIN = Path(sys.executable).parent


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
        "TFX's template": _run_template,
    }
    usages: dict[str, list[Usage]] = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, run in sides.items():
            with tempfile.TemporaryDirectory() as folder:
                usages[name].append(run(options.data, Path(folder)))
    title = f"Chicago taxi, 15,002 trips, medians of {options.rounds}"
    command_line.show(title, ("", *sides, "ratio"), _rows(*usages.values()))
    command_line.write(options.out, usages)


def _run_example(data: Path, folder: Path) -> Usage:
    command = [
        *(str(_BIN / "ctr"), "run", "-c", "examples/chicago_taxi/pipeline.yaml"),
        *("--data", str(data), "--work-dir", str(folder)),
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


def _rows(ours: list[Usage], theirs: list[Usage]) -> list[tuple[str, ...]]:
    figures = zip(zip(*ours, strict=True), zip(*theirs, strict=True), strict=True)
    names = ("seconds", "CPU seconds", "peak memory, MiB")
    return [
        (
            name,
            f"{median(our):.4g}",
            f"{median(their):.4g}",
            f"{median(a / b for a, b in zip(our, their, strict=True)):.2f}",
        )
        for name, (our, their) in zip(names, figures, strict=True)
    ]


if __name__ == "__main__":
    main()
