"""`ctr predict`: the probabilities of the rows of a file, by a model server."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ctr.commands.options import Commands, layout_of, names_in

if TYPE_CHECKING:
    from config.root import Config
    from serving.client import Split, Target

# The column of the label that answered.
_LABEL = "label"


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "predict", help="score the rows of a file by a model server"
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
        type=names_in,
        default=(),
        metavar="A,B",
        help="columns to write beside the probability; a name with a comma is in "
        "double quotes",
    )
    command.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="read the file as `ctr run` reads the examples: with its missing values "
        "and delimiters, and without columns that are not features",
    )
    command.set_defaults(command=_predict)


def _add_server(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--server",
        required=True,
        metavar="HOST[:PORT]",
        help="address of its gRPC port; the port defaults to 8500",
    )
    command.add_argument(
        "--tls",
        action="store_true",
        help="use TLS with the certificate authorities of this machine",
    )
    command.add_argument(
        "--ca",
        type=Path,
        metavar="FILE",
        help="use TLS with this certificate authority",
    )
    command.add_argument(
        "--cert", type=Path, metavar="FILE", help="client certificate (PEM)"
    )
    command.add_argument(
        "--key", type=Path, metavar="FILE", help="private key of --cert (PEM)"
    )
    command.add_argument(
        "--timeout",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="timeout of a request; by default %(default)g",
    )
    command.add_argument(
        "--batch-size",
        type=int,
        default=1000,
        metavar="N",
        help="rows per request; by default %(default)s",
    )


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model",
        metavar="NAME",
        help="name of the model; by default that of the configuration",
    )
    which = command.add_mutually_exclusive_group()
    which.add_argument(
        "--version", type=int, metavar="N", help="version to use; by default the newest"
    )
    which.add_argument(
        "--label", metavar="NAME", help="label of the version to use, such as canary"
    )
    which.add_argument(
        "--split",
        type=_shares,
        metavar="LABEL=SHARE",
        help="such as canary=0.05, more separated by commas: ask these labels for "
        "shares of the users, and stable for the rest",
    )
    command.add_argument(
        "--by",
        metavar="COLUMN",
        help="with --split: column of the user id",
    )
    command.add_argument(
        "--salt",
        default="",
        metavar="TEXT",
        help="with --split: salt of the hash; another one assigns users anew",
    )
    command.add_argument(
        "--signature",
        choices=("tensors", "examples"),
        default="tensors",
        help="encoding of rows: a tensor for each feature, or tf.Examples",
    )


def _shares(text: str) -> dict[str, float]:
    words = [word.partition("=") for word in text.split(",")]
    try:
        shares = {label: float(share) for label, _, share in words}
    except ValueError:
        shares = {}
    if len(shares) < len(words):
        raise argparse.ArgumentTypeError(
            f"got {text!r}; allowed: LABEL=SHARE, such as canary=0.05, each label once"
        )
    return shares


def _predict(options: argparse.Namespace) -> int:
    # gRPC logs each attempt.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from config.load import load_config
    from serving.client import Client, Connection, Tls
    from serving.client.files import Layout
    from serving.client.predictions import (
        predict_file,
        predict_file_split,
        write_predictions,
    )

    config = None if options.config is None else load_config(options.config)
    split = _split(options)
    files = (options.ca, options.cert, options.key)
    tls = Tls(*files) if options.tls or any(files) else None
    connection = Connection(options.timeout, batch_size=options.batch_size, tls=tls)
    keep, path = options.keep, options.input
    layout = Layout(keep=keep) if config is None else layout_of(config, keep)
    target = _target(options, config)
    with Client(options.server, target, options.signature, connection) as client:
        if split is None:
            names, records = keep, predict_file(client, path, layout)
        else:
            names = (*keep, _LABEL)
            records = predict_file_split(client, path, layout, split, options.by)
        count = write_predictions(options.output, names, records)
    if options.output is not None:
        print(f"{options.output}: {count} predictions", file=sys.stderr)
    return 0


def _split(options: argparse.Namespace) -> Split | None:
    from config.errors import InputError
    from serving.client import Split

    if options.split is None:
        if options.by is not None or options.salt:
            raise InputError("--by and --salt are of a --split; give one as well")
        return None
    if options.by is None:
        raise InputError("--split needs the column that has the users: --by COLUMN")
    return Split(options.split, salt=options.salt)


def _target(options: argparse.Namespace, config: Config | None) -> Target:
    from config.errors import InputError
    from serving.client import Target

    model = options.model
    if model is None and config is not None:
        model = config.name
    if model is None:
        raise InputError("which model? name it by --model, or give its config by -c")
    return Target(model, options.version, options.label)
