"""`ctr neighbors`: the values that are similar to one, or suit a user."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ctr.commands.options import (
    Commands,
    add_config_options,
    add_json,
    load,
    positive,
    silence,
    work_dir_of,
)

if TYPE_CHECKING:
    from config.root import Config
    from ctr.neighbors.answers import Best, Similar


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "neighbors", help="show what is similar to an item, or suits a user"
    )
    add_config_options(command)
    command.add_argument(
        "--feature", required=True, metavar="NAME", help="feature to search"
    )
    question = command.add_mutually_exclusive_group(required=True)
    question.add_argument(
        "--value", metavar="X", help="find the values with the nearest vectors"
    )
    question.add_argument(
        "--for",
        dest="given",
        action="append",
        metavar="NAME=VALUE",
        help="find the values with the highest scores; may be repeated, and the "
        "first says whose last example gives the other features",
    )
    command.add_argument(
        "--top",
        type=positive,
        default=10,
        metavar="N",
        help="number of values; by default %(default)s",
    )
    command.add_argument(
        "--model-dir",
        type=Path,
        metavar="DIR",
        help="a SavedModel or a folder of versions; by default the last release",
    )
    add_json(command)
    command.set_defaults(command=_neighbors)


def _neighbors(options: argparse.Namespace) -> int:
    from rich.console import Console

    from ctr.neighbors.answers import render

    config = load(options)
    model = _newest_model(
        options.model_dir or Path(work_dir_of(options, config).model_dir(config))
    )
    ask = _best if options.given else _similar
    answer = ask(options, config, model)
    if options.json:
        print(json.dumps(dataclasses.asdict(answer), indent=2, ensure_ascii=False))
    else:
        render(answer, Console())
    return 0


def _similar(options: argparse.Namespace, config: Config, model: Path) -> Similar:
    from ctr.neighbors.similar import find_similar

    return find_similar(config, model, options.feature, options.value, options.top)


def _best(options: argparse.Namespace, config: Config, model: Path) -> Best:
    from rich.console import Console

    from pipeline.progress import Progress

    with silence() as stdout:
        console = Console(file=stdout, quiet=options.json)
        with Progress(console).live() as progress:
            progress.start("Scoring")
            from ctr.neighbors.best import find_best

            return find_best(config, model, options.feature, options.given, options.top)


def _newest_model(folder: Path) -> Path:
    """The SavedModel in a folder: the newest version, or the folder itself."""
    from config.errors import InputError
    from serving.releases.versions import SAVED_MODEL, list_versions

    if (folder / SAVED_MODEL).exists():
        return folder
    versions = list_versions(str(folder))
    if not versions:
        raise InputError(
            f"{folder}: there is no released model; release one by ctr run, or name "
            "another folder by --work-dir or --model-dir"
        )
    return folder / str(versions[-1])
