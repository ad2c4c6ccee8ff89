"""`ctr predict`: the probabilities of the rows of a file, by a model server."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.commands.options import Commands
    from pipeline.config import Config
    from serving.client import Connection, Target, Tls
    from serving.client.files import Layout


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "predict", help="ask a model server about the rows of a file"
    )
    _add_server(command)
    _add_model(command)
    command.add_argument(
        "--input",
        type=Path,
        required=True,
        metavar="FILE",
        help=".csv or .jsonl (either also .gz), or .parquet",
    )
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=".csv or .jsonl; by default CSV to standard output",
    )
    command.add_argument(
        "--keep",
        type=_names,
        default=(),
        metavar="A,B",
        help="columns to write beside the probability",
    )
    command.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="read the file as `ctr run` reads the examples: with its missing values "
        "and delimiters, and without the columns that are no features",
    )
    command.set_defaults(command=_predict)


def _add_server(command: argparse.ArgumentParser) -> None:
    command.add_argument("--server", required=True, metavar="HOST:PORT")
    command.add_argument(
        "--tls",
        action="store_true",
        help="encrypt, and trust the authorities that this machine trusts",
    )
    command.add_argument(
        "--ca", type=Path, metavar="FILE", help="encrypt, and trust this authority"
    )
    command.add_argument(
        "--cert", type=Path, metavar="FILE", help="the client's certificate"
    )
    command.add_argument("--key", type=Path, metavar="FILE", help="and its key")
    command.add_argument(
        "--timeout", type=float, default=10.0, metavar="SECONDS", help="of a request"
    )
    command.add_argument(
        "--batch-size", type=int, default=1000, metavar="N", help="rows of a request"
    )


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model", metavar="NAME", help="by default that of the config's pipeline"
    )
    which = command.add_mutually_exclusive_group()
    which.add_argument("--version", type=int, metavar="N", help="by default the newest")
    which.add_argument("--label", metavar="NAME", help="such as canary")
    command.add_argument(
        "--signature",
        choices=("tensors", "examples"),
        default="tensors",
        help="how rows are sent: a tensor for each feature, or tf.Examples",
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _predict(options: argparse.Namespace) -> int:
    from pipeline.config import load_config
    from serving.client import Client
    from serving.client.output import write_predictions
    from serving.client.predictions import predict_file

    config = None if options.config is None else load_config(options.config)
    with Client(
        options.server,
        _target(options, config),
        options.signature,
        _connection(options),
    ) as client:
        records = predict_file(client, options.input, _layout(options, config))
        count = write_predictions(options.output, options.keep, records)
    if options.output is not None:
        print(f"{options.output}: {count} predictions", file=sys.stderr)
    return 0


def _target(options: argparse.Namespace, config: Config | None) -> Target:
    from pipeline.errors import InputError
    from serving.client import Target

    model = options.model
    if model is None and config is not None:
        model = config.name
    if model is None:
        raise InputError("which model? name it by --model, or give its config by -c")
    return Target(model, options.version, options.label)


def _connection(options: argparse.Namespace) -> Connection:
    from serving.client import Connection

    return Connection(
        timeout=options.timeout, batch_size=options.batch_size, tls=_tls(options)
    )


def _tls(options: argparse.Namespace) -> Tls | None:
    from serving.client import Tls

    files = (options.ca, options.cert, options.key)
    return Tls(*files) if options.tls or any(files) else None


def _layout(options: argparse.Namespace, config: Config | None) -> Layout:
    from pipeline.config.features import Numeric
    from serving.client.files import Layout

    if config is None:
        return Layout(keep=options.keep)
    return Layout(
        missing_values=config.examples.missing_values,
        delimiters={
            name: feature.delimiter
            for name, feature in config.features.items()
            if not isinstance(feature, Numeric) and feature.delimiter is not None
        },
        keep=options.keep,
        only_features=False,
    )
