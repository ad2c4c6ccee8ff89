"""`ctr serve`: a model server for what is released."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.options import add_overrides, load, work_dir_of

if TYPE_CHECKING:
    from pipeline.commands.options import Commands
    from pipeline.config.serving import Serving


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "serve", help="start a model server for what is released"
    )
    command.add_argument("-c", "--config", type=Path, metavar="FILE")
    add_overrides(command)
    command.add_argument(
        "--model-dir",
        metavar="DIR",
        help="a folder of versions; by default where the pipeline releases; its name "
        "is that of the model where there is no -c",
    )
    command.add_argument(
        "--embedded",
        action="store_true",
        help="the embedded server, even where tensorflow_model_server is installed",
    )
    command.set_defaults(command=_serve, data=None)


def _serve(options: argparse.Namespace) -> int:
    from serving.follow import follow_labels
    from serving.launch import (
        embedded_command,
        find_tensorflow_serving,
        tensorflow_serving_command,
        write_files,
        write_models,
    )
    from serving.releases.versions import list_versions
    from serving.server.ports import check_free

    serving, name, base_path, folder = _what(options)
    if options.model_dir is not None:
        _check_folder(options.model_dir)
    # Another server may run, and read the files that are about to be written.
    for port in filter(None, (serving.port, serving.rest_port)):
        check_free(serving.host, port)
    files = write_files(serving, name, base_path, folder)
    program = None if options.embedded else find_tensorflow_serving()
    if program is None:
        command = embedded_command(serving, files)
        print(f"starting the embedded server for {base_path}", file=sys.stderr)
    else:
        command = tensorflow_serving_command(program, serving, files)
        print(f"starting {program} for {base_path}", file=sys.stderr)
    if not list_versions(base_path):
        print("nothing is released there yet: waiting for a version", file=sys.stderr)
    follow_labels(base_path, lambda: write_models(serving, name, base_path, folder))
    # In its place: signals reach it, and it ends as it ends.
    os.execv(command[0], command)


def _check_folder(model_dir: str) -> None:
    """A wrong name would be waited for without end, as if it was to be released."""
    from pipeline.errors import ConfigError
    from serving.releases.storage import is_in_object_store

    if not is_in_object_store(model_dir) and not os.path.isdir(model_dir):
        raise ConfigError(
            f"--model-dir: got {model_dir}, which is no folder; give the folder that "
            "has the versions"
        )


def _what(options: argparse.Namespace) -> tuple[Serving, str, str, Path]:
    """How to serve, the model's name, its versions, and where to write files."""
    from pipeline.config.serving import Serving
    from pipeline.errors import ConfigError
    from pipeline.workdir import WorkDir

    if options.config is not None:
        config = load(options)
        work_dir = work_dir_of(options, config)
        base_path = options.model_dir or work_dir.model_dir(config)
        return config.serving, config.name, base_path, work_dir.path / "serving"
    if options.model_dir is None:
        raise ConfigError("give -c FILE, or --model-dir DIR; -c has the settings")
    if options.overrides:
        raise ConfigError("--set changes what -c has; give -c FILE as well")
    name = Path(options.model_dir).absolute().name
    folder = WorkDir(options.work_dir or Path("runs") / name).path / "serving"
    return Serving(), name, options.model_dir, folder
