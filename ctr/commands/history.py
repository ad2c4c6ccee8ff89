"""`ctr history`: adds what each user clicked before to the rows of files."""

from __future__ import annotations

import argparse
import dataclasses
import math
from pathlib import Path

from ctr.commands.options import Commands, add_json, show


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "history", help="add the items that each user clicked before to rows"
    )
    command.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help=".csv (also .gz) or .parquet, all of one kind",
    )
    for name, words in (
        ("--user", "column of the user"),
        ("--time", "column of the time: timestamps, or numbers that rise with it"),
        ("--label", "column of the click: 1 or 0"),
    ):
        command.add_argument(name, required=True, metavar="COLUMN", help=words)
    command.add_argument(
        "--item",
        dest="items",
        action="append",
        required=True,
        metavar="COLUMN",
        help="column of the item; may be repeated, such as for its category",
    )
    command.add_argument(
        "--greater-than",
        type=float,
        metavar="NUMBER",
        help="a label above it is a click, such as a rating",
    )
    command.add_argument(
        "--max-length",
        type=int,
        default=50,
        metavar="N",
        help="most recent items to keep; by default %(default)s",
    )
    command.add_argument(
        "--delimiter",
        default="|",
        metavar="TEXT",
        help="between the items of a list in CSV; by default %(default)s",
    )
    command.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="output folder"
    )
    add_json(command)
    command.set_defaults(command=_history)


def _history(options: argparse.Namespace) -> int:
    from config.errors import ConfigError
    from ctr.history import Columns, build_histories

    if options.max_length < 1:
        raise ConfigError(f"--max-length: got {options.max_length}; allowed: 1 or more")
    if options.greater_than is not None and not math.isfinite(options.greater_than):
        raise ConfigError(
            f"--greater-than: got {options.greater_than}; allowed: a finite number"
        )
    if not options.delimiter:
        raise ConfigError("--delimiter: got an empty text; allowed: such as '|'")
    columns = Columns(
        user=options.user,
        items=tuple(options.items),
        time=options.time,
        label=options.label,
        greater_than=options.greater_than,
    )
    made = build_histories(
        options.files, columns, options.out, options.max_length, options.delimiter
    )
    text = (
        f"{made.rows:,} rows in {options.out}, with {', '.join(columns.histories)}\n"
        f"{made.clicks:,} clicks of {made.users:,} users; {made.empty:.1%} of the "
        f"histories are empty\n"
        f"latest histories: {made.users_file}"
    )
    told = dataclasses.asdict(made)
    told |= {"files": list(map(str, made.files)), "users_file": str(made.users_file)}
    show(options, told, text)
    return 0
