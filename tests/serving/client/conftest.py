"""A model of the tiny problem behind the embedded server, and clients of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

NAME = "tiny"


@dataclass(frozen=True)
class Served:
    """A server.

    Attributes:
      address: Where it listens.
      rows: Rows as a client gives them.
      probabilities: Those of the trained model.
      base_path: Folder of the versions.
    """

    address: str
    rows: list[dict[str, Any]]
    probabilities: np.ndarray
    base_path: Path

    @property
    def table(self) -> pa.Table:
        """The rows as a table, whose columns are those of the first one."""
        return pa.Table.from_pylist(self.rows)


def as_client_row(row: dict[str, list[Any]]) -> dict[str, Any]:
    """A row as a person would give it: plain values, without the label."""
    plain = {name: values[0] if values else None for name, values in row.items()}
    features = ("device", "user", "age", "price")
    lists = {name: row[name] for name in ("tags", "history") if name in row}
    return {name: plain[name] for name in features if name in plain} | lists


@pytest.fixture(scope="session")
def base_path(
    tiny_models: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with version 1 of the tiny model."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(tiny_models("wide_deep").saved_model, folder / "1")
    return folder


@pytest.fixture(scope="session")
def served(
    base_path: Path,
    tiny: Any,
    tiny_models: Callable[[str], Any],
    serving: Callable[..., Any],
) -> Iterator[Served]:
    """A server without TLS."""
    rows = tiny.rows[:50] + tiny.probe_rows
    transformed = tiny.transformed[:50] + tiny.transformed_probes
    with serving(NAME, base_path) as server:
        yield Served(
            f"127.0.0.1:{server.port}",
            [as_client_row(row) for row in rows],
            tiny_models("wide_deep").probabilities(transformed),
            base_path,
        )


@pytest.fixture(scope="session")
def ctr_predict() -> Callable[..., int]:
    """Runs `ctr predict` on a file; returns its exit status."""
    from ctr.cli import main

    def run(address: str, path: Path, *options: str) -> int:
        options = ("--model", NAME, "--input", str(path), *options)
        return main(["predict", "--server", address, *options])

    return run


@pytest.fixture
def rejected(capsys: pytest.CaptureFixture[str]) -> Callable[[int], str]:
    """A function from the exit status of a command to its one error line."""

    def read(status: int) -> str:
        assert status in (1, 2)
        out, error = capsys.readouterr()
        assert out == ""
        assert error.startswith("error: ")
        assert len(error.splitlines()) == 1
        return error

    return read
