"""Day files, and a folder that is there as a whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from config.errors import InputError

FileFormat = Literal["csv", "parquet"]
CLICKS, TRUTH = "clicks", "truth"


@contextmanager
def new_folders(out: Path) -> Iterator[Path]:
    """Makes `out/clicks` and `out/truth` appear only when they are complete.

    Args:
      out: The folder; other files in it are left alone.

    Yields:
      A hidden folder beside `out` with empty `clicks` and `truth` folders. At the
      end of the `with` block they move into `out`; if the block raises, nothing of
      them stays behind.

    Raises:
      InputError: `out` is no folder or already holds simulated clicks.
      OSError: The disk refused.
    """
    out = Path(os.path.abspath(out))
    _check_free(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    partial.mkdir()
    try:
        for name in (CLICKS, TRUTH):
            (partial / name).mkdir()
        yield partial
        _move_into(out, partial)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_day(table: pa.Table, folder: Path, day: int, file_format: FileFormat) -> str:
    """Writes one day's table.

    Args:
      table: The rows of the day.
      folder: An existing folder.
      day: The day, from 1.
      file_format: `csv` (with a header; text in quotes, null as an empty
        field) or `parquet`.

    Returns:
      The name of the file, such as `day-01.csv`.
    """
    name = f"day-{day:02d}.{file_format}"
    if file_format == "parquet":
        pa.parquet.write_table(table, folder / name)
    else:
        pa.csv.write_csv(table, folder / name)
    return name


def _check_free(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; choose another --out")
    if any((out / name).exists() for name in (CLICKS, TRUTH)):
        raise InputError(
            f"{out} already holds simulated clicks; remove it or choose another --out"
        )


def _move_into(out: Path, partial: Path) -> None:
    if not out.exists() or not any(out.iterdir()):
        partial.rename(out)  # At once: the usual case.
        return
    (partial / TRUTH).rename(out / TRUTH)
    try:
        (partial / CLICKS).rename(out / CLICKS)
    except OSError:
        shutil.rmtree(out / TRUTH)
        raise
