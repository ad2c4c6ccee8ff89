"""MovieLens-100K: AUC on the settings that `ctr init` proposes, untouched.

    python -m benchmarks.quality.movielens             3 seeds, on random tenths
    python -m benchmarks.quality.movielens --by-time   on the last tenth by time

Is a rating 4 or 5? The ratings come with the package recbole, whose wheel is downloaded
and not installed. Users and movies are ids with few rows each.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.quality import command
from benchmarks.quality.data import write_once
from benchmarks.quality.report import report
from ctr.history import Columns, build_histories
from ctr.infer import infer_config

_NAME = "movielens"
_WHEEL = "recbole==1.2.1"
_FILES = "recbole/dataset_example/ml-100k/ml-100k"
_SHARE = 0.1
_LABEL = "liked"
_SPLITS = (
    "examples.time_split=null",
    "examples.splits={train: train.csv, eval: test.csv}",
)


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = command.parser(__doc__, seeds=3)
    parser.add_argument(
        "--by-time", action="store_true", help="hold out the last tenth by time"
    )
    options = parser.parse_args(arguments)
    rows = read_ratings(options.work)
    seeds = range(1, options.seeds + 1)
    if options.by_time:
        tasks = [_task(rows, np.arange(len(rows)), options.work / "ml-time", seeds)]
    else:
        tasks = [
            _task(
                rows,
                np.random.default_rng(seed).permutation(len(rows)),
                options.work / f"ml-random-{seed}",
                [seed],
            )
            for seed in seeds
        ]
    results = command.run(tasks, options)
    where = "the last tenth by time" if options.by_time else "random tenths"
    report(f"MovieLens-100K, {where}", results, out=options.out)


def read_ratings(work: Path) -> pd.DataFrame:
    """Reads the ratings with what is known of users and movies, in order of time.

    Args:
      work: Folder of the wheel, which is downloaded where it is missing.
    """
    work.mkdir(parents=True, exist_ok=True)
    if not list(work.glob("recbole-*.whl")):
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", _WHEEL],
            cwd=work,
            check=True,
        )
    (wheel,) = work.glob("recbole-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        ratings, users, movies = (
            pd.read_csv(archive.open(f"{_FILES}.{kind}"), sep="\t", dtype=str).rename(
                columns=lambda name: name.partition(":")[0]
            )
            for kind in ("inter", "user", "item")
        )
    rows = ratings.merge(users, on="user_id").merge(movies, on="item_id")
    rows = rows.rename(columns={"class": "genres"}).drop(columns="movie_title")
    rows[_LABEL] = (rows.pop("rating").astype(float) >= 4).astype(int)
    rows["timestamp"] = rows["timestamp"].astype(float).astype(int)
    return rows.sort_values(["timestamp", "user_id", "item_id"], ignore_index=True)


def with_histories(work: Path, seeds: command.Seeds) -> command.Task:
    """The split by time, with the movies that each user liked before each rating.

    Args:
      work: Folder of the wheel and of what is made of it.
      seeds: Seeds of the training runs.
    """
    folder = work / "ml-histories"
    file = folder / "ratings.csv"
    if not file.exists():
        ratings = work / file.name
        read_ratings(work).to_csv(ratings, index=False)
        columns = Columns("user_id", ("item_id",), "timestamp", _LABEL)
        build_histories([ratings], columns, folder)
    rows = pd.read_csv(file, dtype=str)
    return _task(rows, np.arange(len(rows)), work / "ml-time-histories", seeds)


def _task(
    rows: pd.DataFrame, order: npt.NDArray[np.int64], folder: Path, seeds: command.Seeds
) -> command.Task:
    """Splits the rows, the last of the order to measure on."""
    folder.mkdir(parents=True, exist_ok=True)
    count = round(len(rows) * (1 - _SHARE))
    for name, part in (("train", order[:count]), ("test", order[count:])):
        text = rows.iloc[np.sort(part)].to_csv(index=False)
        write_once(folder / f"{name}.csv", text)
    config = folder / "pipeline.yaml"
    config.write_text(infer_config([folder / "train.csv"], _LABEL, folder=folder))
    return command.Task(config, folder, seeds, _SPLITS)


if __name__ == "__main__":
    main()
