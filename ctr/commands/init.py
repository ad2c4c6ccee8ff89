"""`ctr init`: a first configuration."""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path

from ctr.commands.options import Commands, check_output


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("init", help="infer a first config from a sample")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE")
    command.add_argument("--label", required=True, help="the column to predict")
    command.add_argument(
        "--out",
        type=Path,
        default=Path("pipeline.yaml"),
        metavar="FILE",
        help="the config to write; by default %(default)s",
    )
    command.set_defaults(command=_init)


def _init(options: argparse.Namespace) -> int:
    from config.errors import InputError
    from ctr.infer import check_files, infer_config

    check_files(options.files)
    check_output("--out", options.out)
    if options.out.exists():
        raise InputError(f"{options.out} exists; remove it or choose another by --out")
    # TensorFlow, which reads TFRecord files, writes much when it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning)
    folder = options.out.absolute().parent
    options.out.write_text(infer_config(options.files, options.label, folder=folder))
    print(f"wrote {options.out}; read its comments, then: ctr run -c {options.out}")
    return 0
