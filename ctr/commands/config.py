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
    print(to_yaml(config) if options.action == "show" else f"{options.config}: valid")
    return 0
