"""`ctr ablate`: the value of the features of a run."""

from __future__ import annotations

import argparse
import os

from ctr.commands.options import (
    Commands,
    add_config_options,
    add_json,
    add_run,
    load,
    names_in,
    work_dir_of,
)

# In the folder of the run: log of TensorFlow and the trainings.
_LOG_FILE = "ablation.log"


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "ablate", help="train the model of a run anew without each feature"
    )
    add_config_options(command)
    add_run(command)
    command.add_argument(
        "--features",
        type=names_in,
        default=(),
        metavar="NAME,NAME",
        help="features to leave out, one at a time; by default all; a name with a "
        "comma is in double quotes",
    )
    add_json(command)
    command.set_defaults(command=_ablate)


def _ablate(options: argparse.Namespace) -> int:
    from rich.console import Console

    from components.evaluation_report.files import ABLATION_PAGE_FILE
    from pipeline.progress import Progress, noise_to
    from pipeline.run.summary import read_summary

    # As for ctr run: some trainings have a process of their own.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    config = load(options)
    work_dir = work_dir_of(options, config)
    run_id = read_summary(work_dir.path / (options.run or "latest")).run_id
    # Not by `latest`, which another run may move meanwhile.
    folder = work_dir.path / run_id
    with noise_to(folder / _LOG_FILE) as stdout:
        console = Console(file=stdout, quiet=options.json)
        # A line for each training, and none for its epochs.
        with Progress(console).live(("pipeline",)) as progress:
            progress.start("Loading TFX")
            from ctr.ablation.ablate import ablate_run, ablations_table

            progress.pause()
            found = ablate_run(config, work_dir, folder, options.features, progress)
    if options.json:
        print(found.model_dump_json(indent=2))
    else:
        Console().print(ablations_table(found))
        print(f"Report: {folder / ABLATION_PAGE_FILE}")
    return 0
