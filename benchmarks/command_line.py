"""Command line of a benchmark: its options, a table, and the same as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from rich.console import Console

from benchmarks.places import CHECKOUT
from config.console import add_row, new_table


def parser(description: str | None) -> argparse.ArgumentParser:
    """Returns a parser with the option `--out`."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--out", type=Path, help="a JSON file to write")
    return options


def add_work(options: argparse.ArgumentParser) -> None:
    """Adds the folder of what later runs of the benchmark use again."""
    options.add_argument(
        "--work",
        type=Path,
        default=CHECKOUT / "runs" / "benchmarks",
        help="folder of transformed examples",
    )


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table; all columns but the first have numbers."""
    table = new_table(title, columns[:1], columns[1:])
    for row in rows:
        add_row(table, row)
    Console(width=100).print(table)


def write(out: Path | None, figures: Any) -> None:
    """Writes figures as JSON where that is wanted."""
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n")


def spread(values: Sequence[float]) -> str:
    """Formats the mean, and the standard deviation of several values."""
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return f"{mean(values):.4f} ± {stdev(values):.4f}"
