"""Options that several commands share."""

from __future__ import annotations

import argparse
import csv
import json
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

if TYPE_CHECKING:
    from config.root import Config
    from pipeline.workdir import WorkDir
    from serving.client.files import Layout

Commands: TypeAlias = "argparse._SubParsersAction[Command]"

# The exit status after Ctrl-C, as a shell has it.
INTERRUPTED = 130

# Keys that say where things are.
_PLACES = ("name=", "release=", "release.model_dir=", "release.keep=", "metadata")


class Command(argparse.ArgumentParser):
    """A command, which takes `--debug` as well as `ctr` itself does."""

    def __init__(self, **settings: Any):
        """Takes what argparse takes."""
        super().__init__(**settings)
        add_debug(self)


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Adds `--debug`."""
    # Without a default: that of a command would undo what `ctr --debug` set.
    parser.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show the traceback of an error",
    )


def names_in(text: str) -> tuple[str, ...]:
    """Parses a list of names in CSV: one with a comma is in double quotes."""
    names = next(csv.reader([text], skipinitialspace=True))
    # No text at all is one empty name, which is an error, and not no name.
    return tuple(names) or ("",)


def add_config_options(command: argparse.ArgumentParser) -> None:
    """Adds the configuration, what overrides it, and the work directory."""
    command.add_argument(
        "-c",
        "--config",
        type=Path,
        required=True,
        metavar="FILE",
        help="configuration file (YAML); `ctr init` writes a first one",
    )
    command.add_argument("--data", metavar="DIR", help="overrides examples.root")
    add_overrides(command)


def add_overrides(command: argparse.ArgumentParser) -> None:
    """Adds what overrides the configuration, and the work directory."""
    command.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY.PATH=VALUE",
        help="overrides a key of the config; may be repeated",
    )
    command.add_argument(
        "--work-dir",
        type=Path,
        metavar="DIR",
        help="work directory; by default runs/<name>",
    )


def add_json(command: argparse._ActionsContainer) -> None:
    """Adds `--json`."""
    command.add_argument(
        "--json", action="store_true", help="print JSON instead of tables"
    )


def check_output(option: str, path: Path) -> None:
    """Checks that a file can be written, before the work that it is written after.

    Raises:
      InputError: Its folder is missing, or it is one itself.
    """
    from config.errors import InputError

    if path.is_dir():
        raise InputError(f"{option} {path}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise InputError(
            f"{option} {path}: there is no folder {path.parent}; make it first"
        )


def positive(text: str) -> int:
    """The type of an option that counts something."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text!r}")
    return int(text)


def add_decider(command: argparse.ArgumentParser, *, needs_note: bool) -> None:
    """Adds who decides on a candidate, and why."""
    command.add_argument("--by", required=True, metavar="NAME", help="your name")
    command.add_argument(
        "--note", default="", required=needs_note, metavar="TEXT", help="reason"
    )


def add_run(command: argparse.ArgumentParser) -> None:
    """Adds which run is meant."""
    command.add_argument("run", nargs="?", help="id of a run; by default the latest")


def same_pipeline(options: argparse.Namespace) -> list[str]:
    """The options by which another command finds the same runs and models.

    They are shown to a person, so without passwords.
    """
    from config.secrets import mask_passwords

    same = ["-c", str(options.config)]
    for override in options.overrides:
        if override.startswith(_PLACES):
            same += ["--set", mask_passwords(override)]
    return [*same, *(["--work-dir", str(options.work_dir)] if options.work_dir else [])]


def load(options: argparse.Namespace, span: str | None = None) -> Config:
    """The configuration, and the span of a run where one is named."""
    from config.load import load_config

    return load_config(options.config, options.overrides, options.data, span)


def layout_of(config: Config, keep: tuple[str, ...] = ()) -> Layout:
    """Returns the layout by which `ctr run` reads the examples."""
    from config.features import raw_columns
    from serving.client.files import Layout

    return Layout(
        csv=config.examples.csv,
        missing_values=config.examples.missing_values,
        columns=raw_columns(config.features),
        keep=keep,
        only_features=False,
    )


def work_dir_of(options: argparse.Namespace, config: Config) -> WorkDir:
    """The work directory."""
    from pipeline.workdir import WorkDir

    return WorkDir(options.work_dir or Path("runs") / config.name)


def show(options: argparse.Namespace, answer: Any, words: str) -> None:
    """Prints an object as JSON where `--json` asks for it, or else words."""
    text = json.dumps(answer, indent=2, ensure_ascii=False)
    print(text if options.json else words, flush=True)


def silence() -> AbstractContextManager[TextIO]:
    """Hides what TensorFlow and Beam write while they are imported and run.

    Yields:
      Standard output.
    """
    from pipeline.progress import noise_to

    return noise_to(Path(os.devnull))
