"""Examples read and analysed once, for all models and seeds."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow_transform as tft
from tfx.orchestration import metadata
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from config.parts import ExampleGenPart, TrainerPart, TransformPart
from config.root import Config
from pipeline.dag import create_pipeline
from pipeline.fingerprint import code_fingerprint
from trainer.data.inputs import ModelInputs

# The last file written: a folder without it is of a run that was broken off.
_COMPLETE = "complete"


@dataclass(frozen=True)
class Prepared:
    """Examples, and the graph that transforms them.

    Attributes:
      config: The configuration they were made with.
      folder: Their folder.
    """

    config: Config
    folder: Path

    @property
    def transform(self) -> tft.TFTransformOutput:
        """The Transform graph."""
        return tft.TFTransformOutput(str(self._output("Transform", "transform_graph")))

    def files(self, split: str) -> str:
        """A glob of the examples of a split."""
        folder = self._output("ExampleGen", "examples")
        return str(folder / f"Split-{split}" / "*.gz")

    def inputs(self, part: TrainerPart) -> ModelInputs:
        """The columns of a model."""
        return ModelInputs.of(part, self.transform)

    def _output(self, component: str, key: str) -> Path:
        (output,) = (self.folder / "artifacts" / component / key).iterdir()
        return output


def prepare(config: Config, work: Path) -> Prepared:
    """Runs the first half of the pipeline's own DAG, unless that was done before.

    Args:
      config: Configuration of the examples and the features.
      work: Folder of the results, with a folder for each configuration.

    Returns:
      The examples and their graph.
    """
    folder = work / f"{config.name}-{_key(config)}"
    if not (folder / _COMPLETE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run(config, folder)
        (folder / _COMPLETE).touch()
    return Prepared(config, folder)


def _run(config: Config, folder: Path) -> None:
    dag = create_pipeline(
        config,
        str(folder / "artifacts"),
        str(folder / "models"),
        metadata.sqlite_metadata_connection_config(str(folder / "metadata.sqlite")),
    )
    LocalDagRunner().run(dag, tfx_pipeline.RunOptions(to_nodes=["Transform"]))


def _key(config: Config) -> str:
    """Changes with the files, with what is made of them, and with our code."""
    files = sorted(path for path in Path(config.examples.root).rglob("*.csv"))
    parts = [
        *(f"{path}:{path.stat().st_size}:{path.stat().st_mtime}" for path in files),
        config.examples.model_dump_json(),
        ExampleGenPart.of(config).model_dump_json(),
        TransformPart.of(config).model_dump_json(),
        code_fingerprint("components.example_gen.executor"),
        code_fingerprint("components.transform.executor"),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def hold_out(file: Path, share: float, seed: int, folder: Path) -> None:
    """Divides the rows of a CSV file at random.

    Args:
      file: The file, without line breaks inside of values.
      share: Share of the rows that are held out.
      seed: Seed of the choice.
      folder: Folder for `train.csv` and `test.csv`.
    """
    header, *rows = file.read_text().splitlines()
    held_out = np.random.default_rng(seed).random(len(rows)) < share
    folder.mkdir(parents=True, exist_ok=True)
    for name, wanted in (("train.csv", ~held_out), ("test.csv", held_out)):
        chosen = [row for row, want in zip(rows, wanted, strict=True) if want]
        write_once(folder / name, "\n".join([header, *chosen]) + "\n")


def write_once(file: Path, text: str) -> None:
    """Writes a file unless it has that text already, so that `prepare` finds it."""
    if not file.exists() or file.read_text() != text:
        file.write_text(text)
