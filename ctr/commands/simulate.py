"""`ctr simulate`: ad clicks to try the pipeline on."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ctr.commands.options import add_json

if TYPE_CHECKING:
    from ctr.commands.options import Commands


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("simulate", help="make simulated ad clicks")
    command.add_argument(
        "--out", type=Path, required=True, help="output folder, created"
    )
    command.add_argument(
        "--rows",
        type=int,
        default=200_000,
        metavar="N",
        help="number of examples; by default %(default)s",
    )
    command.add_argument(
        "--days",
        type=int,
        default=8,
        metavar="N",
        help="number of days, with a file each; by default %(default)s",
    )
    command.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="N",
        help="random seed; by default %(default)s",
    )
    command.add_argument(
        "--format",
        choices=("csv", "parquet"),
        default="csv",
        help="file format; by default %(default)s",
    )
    add_json(command)
    command.set_defaults(command=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    from ctr.simulate import simulate

    made = simulate(
        options.out, options.rows, options.days, options.seed, options.format
    )
    if options.json:
        print(json.dumps(dataclasses.asdict(made), default=str, indent=2))
        return 0
    print(f"{made.rows:,} examples of {options.days} days in {options.out}")
    print(f"{made.users:,} users, {made.ads:,} ads, click rate {made.click_rate:.1%}")
    if made.best_possible_auc is not None:
        print(f"best possible AUC on the last day: {made.best_possible_auc:.4f}")
    return 0
