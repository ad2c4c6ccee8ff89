"""`ctr serve`: starts a model server of the released versions."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ctr.commands.options import Commands, add_overrides, load, work_dir_of

if TYPE_CHECKING:
    from config.serving import Serving


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "serve", help="start a model server of the released versions"
    )
    command.add_argument("-c", "--config", type=Path, metavar="FILE")
    add_overrides(command)
    command.add_argument(
        "--model-dir",
        metavar="DIR",
        help="folder of versions; by default that of the pipeline; without -c its name "
        "is the name of the model",
    )
    command.add_argument(
        "--embedded",
        action="store_true",
        help="the embedded server, even where tensorflow_model_server is installed",
    )
    command.set_defaults(command=_serve, data=None)


def _serve(options: argparse.Namespace) -> int:
    from config.ports import check_free
    from serving.releases.versions import list_versions
    from serving.tensorflow_serving import find_tensorflow_serving
    from serving.tls import read_pem

    serving, name, base_path, folder = _settings(options)
    if options.model_dir is not None:
        _check_folder(options.model_dir)
    # Before the files are written, which another server may be reading.
    for port in filter(None, (serving.port, serving.rest_port)):
        check_free(serving.host, port)
    if serving.tls is not None:
        read_pem(serving.tls)
    program = None if options.embedded else find_tensorflow_serving()
    server = program or "the embedded server"
    print(f"starting {server} for {base_path}", file=sys.stderr)
    if not list_versions(base_path):
        print("nothing is released there yet: waiting for a version", file=sys.stderr)
    if program is None:
        command = _embedded_command(serving, name, base_path, folder)
        # The server replaces this process: it receives its signals, sets its status.
        os.execv(command[0], command)
    _serve_by_tensorflow_serving(program, serving, name, base_path, folder)
    return 0


def _embedded_command(
    serving: Serving, name: str, base_path: str, folder: Path
) -> list[str]:
    from serving.model_config import Settings

    return Settings(
        model=name,
        base_path=base_path,
        request_log_dir=str(folder / "requests"),
        serving=serving,
    ).command()


def _serve_by_tensorflow_serving(
    program: str, serving: Serving, name: str, base_path: str, folder: Path
) -> None:
    from serving.supervisor import supervise
    from serving.tensorflow_serving import (
        tensorflow_serving_command,
        write_files,
        write_models,
    )

    if ignored := serving.embedded_only():
        print(
            f"warning: {', '.join(ignored)} not applied: TensorFlow Serving has no "
            "such setting; the embedded server has (--embedded)",
            file=sys.stderr,
        )
    files = write_files(serving, name, base_path, folder)
    rest = f", REST on port {serving.rest_port}" if serving.rest_port else ""
    supervise(
        tensorflow_serving_command(program, serving, files),
        f"serving {name}: gRPC on port {serving.port}{rest}, on all interfaces",
        base_path,
        lambda: write_models(serving, name, base_path, folder),
    )


def _check_folder(model_dir: str) -> None:
    """Rejects a folder that does not exist: the server would wait for it forever."""
    from config.errors import ConfigError
    from serving.releases.storage import is_in_object_store

    if not is_in_object_store(model_dir) and not os.path.isdir(model_dir):
        raise ConfigError(
            f"--model-dir: got {model_dir}, which is not a folder; give the folder of "
            "the versions"
        )


def _settings(options: argparse.Namespace) -> tuple[Serving, str, str, Path]:
    """Returns `serving`, the model's name and versions, and the server's folder."""
    from config.errors import ConfigError
    from config.serving import Serving
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
