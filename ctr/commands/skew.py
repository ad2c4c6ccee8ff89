"""`ctr skew`: the distance between logged requests and training examples."""

from __future__ import annotations

import argparse
import tempfile
from typing import TYPE_CHECKING

from config.errors import GateError
from ctr.commands.options import (
    Commands,
    add_config_options,
    add_json,
    load,
    show,
    silence,
    work_dir_of,
)

if TYPE_CHECKING:
    from config.root import Config
    from ctr.skew.compare import Skew
    from pipeline.workdir import WorkDir


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "skew", help="compare logged requests with what the model was trained on"
    )
    add_config_options(command)
    command.add_argument(
        "--served",
        nargs="+",
        required=True,
        metavar="LOG",
        help="TFRecord files of PredictionLog, or folders of them",
    )
    add_json(command)
    command.set_defaults(command=_skew)


def _skew(options: argparse.Namespace) -> int:
    config = load(options)
    with silence():
        from ctr.skew.text import as_text

        skew = _compare(config, work_dir_of(options, config), options.served)
    show(options, skew.model_dump(mode="json"), as_text(skew))
    return GateError.exit_status if skew.is_skewed else 0


def _compare(config: Config, work_dir: WorkDir, patterns: list[str]) -> Skew:
    from config.errors import ReleaseError
    from config.parts import ExampleGenPart
    from ctr.skew.compare import columns_of, compare
    from ctr.skew.lineage import training_statistics
    from ctr.skew.statistics import read_served
    from pipeline.beam import beam_args
    from pipeline.metadata import existing_metadata
    from pipeline.review.records import RecordStore

    connection = existing_metadata(config, work_dir)
    released = RecordStore(connection, config.name).history().last
    if released is None:
        raise ReleaseError(
            f"{config.name}: no model is released to compare with; release one with "
            "`ctr release approve`"
        )
    training = training_statistics(connection, released.model_uri)
    columns = columns_of(training, ExampleGenPart.of_serving_examples(config).columns)
    temp = str(config.beam.get("temp_location", tempfile.gettempdir()))
    served = read_served(patterns, columns, beam_args(config.beam), temp)
    skew = config.validation.skew
    return compare(
        training,
        served,
        columns,
        {} if skew is None else skew.thresholds,
        released.version,
        released.run,
    )
