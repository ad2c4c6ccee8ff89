"""`ctr config`: shows or validates a configuration."""

from __future__ import annotations

import argparse

from ctr.commands.options import Commands, add_config_options, load


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("config", help="show or validate a config")
    command.add_argument("action", choices=("show", "validate"))
    add_config_options(command)
    command.set_defaults(command=_config)


def _config(options: argparse.Namespace) -> int:
    from config.load import to_yaml

    config = load(options)
    if options.action == "show":
        print(to_yaml(config))
        return 0
    print(f"{options.config}: valid")
    if names := config.serving.embedded_only():
        print(f"{', '.join(names)}: for the embedded server only")
    return 0
