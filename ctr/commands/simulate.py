"""`ctr simulate`: ad clicks to try the pipeline on."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from ctr.commands.options import Commands, add_json, show


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("simulate", help="simulate ad clicks")
    command.add_argument(
        "--out", type=Path, required=True, help="output folder; created if missing"
    )
    for name, default, words in (
        ("--rows", 200_000, "number of examples"),
        ("--days", 8, "number of days, with one file per day"),
        ("--seed", 1, "random seed"),
    ):
        command.add_argument(
            name,
            type=int,
            default=default,
            metavar="N",
            help=f"{words}; by default {default}",
        )
    command.add_argument(
        "--format",
        choices=("csv", "parquet"),
        default="csv",
        help="file format; by default %(default)s",
    )
    command.add_argument(
        "--sequences",
        action="store_true",
        help="add what each user clicked before, on which the clicks then depend",
    )
    add_json(command)
    command.set_defaults(command=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    from ctr.simulate import simulate

    made = simulate(
        options.out,
        options.rows,
        options.days,
        options.seed,
        options.format,
        sequences=options.sequences,
    )
    lines = [
        f"{made.rows:,} examples of {options.days} days in {options.out}",
        f"{made.users:,} users, {made.ads:,} ads, click rate {made.click_rate:.1%}",
    ]
    if made.best_possible_auc is not None:
        lines.append(f"best possible AUC on the last day: {made.best_possible_auc:.4f}")
    told = dataclasses.asdict(made) | {"files": list(map(str, made.files))}
    show(options, told, "\n".join(lines))
    return 0
