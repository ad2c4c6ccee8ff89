"""A tiny problem, taken through Transform, training and export once for all tests.

Heavy packages are imported inside functions, for the tests that need none.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from filelock import FileLock
from hypothesis import settings

from config.garbage import collect_rarely

collect_rarely()

# A machine that is busy with other tests may take seconds for an example.
settings.register_profile("tests", deadline=None, max_examples=50)
settings.load_profile("tests")

GOLDEN = Path(__file__).with_name("golden")

# Features by name, each with its list of values; one without any is missing.
Row = dict[str, list[Any]]

TINY = """
name: tiny
examples: {splits: {train: train.csv, eval: eval.csv}, extra_columns: [city]}
label: {column: click}
features:
  device: {kind: categorical}
  tags: {kind: categorical, multivalued: true, oov_buckets: 2}
  user: {kind: hashed, buckets: 10}
  history: {kind: sequence, like: device, max_length: 3}
  age: {kind: numeric, buckets: 4, missing_indicator: true}
  price: {kind: numeric, normalize: log1p, fill: 0}
crosses:
  - {features: [device, age], buckets: 50}
  - {features: [device, tags], buckets: 50}
model:
  embedding_size: 4
  wide_deep: {hidden_units: [8], optimizer: adam, learning_rate: 0.01}
  embedding_mlp: {hidden_units: [8], learning_rate: 0.01}
  deep_crossing: {residual_units: [8], learning_rate: 0.01}
  deepfm: {hidden_units: [8], learning_rate: 0.01}
  dcn_v2: {hidden_units: [8], learning_rate: 0.01}
  din: {hidden_units: [8], learning_rate: 0.01, attention_units: [4]}
training: {epochs: 5, batch_size: 32}
evaluation:
  slices: [[city], [device, city], [age]]
  thresholds: [0.3, 0.5]
"""
# `city` is no feature: the models do not see it.
FLOATS = ("age", "price", "click")
TEXTS = ("device", "tags", "user", "history", "city")
DEVICES = ["phone", "tablet"]
# One city has a name that looks like a list of slices; nobody clicks in Ghost Town.
CITIES = ["Rome", "a, b=c", "Ghost Town"]

# What serving must cope with, by the name of the case.
PROBES: dict[str, Row] = {
    "complete": {
        "device": ["phone"],
        "tags": ["x", "y"],
        "user": ["u1"],
        "history": ["tablet", "phone"],
        "age": [31.0],
        "price": [2.5],
        "click": [1.0],
    },
    "no label": {
        "device": ["tablet"],
        "tags": ["z"],
        "user": ["u2"],
        "history": ["phone", "tablet", "phone", "tablet", "phone"],
        "age": [44.0],
        "price": [7.0],
    },
    "nothing": {},
    "unseen": {
        "device": ["watch"],
        "tags": ["new", "x", "newer"],
        "user": ["stranger"],
        "history": ["watch", "phone", "glasses"],
        "age": [-5.0],
        "price": [1e4],
    },
    "empty strings": {
        "device": [""],
        "tags": ["x", "", "y"],
        "user": [""],
        "history": ["phone", ""],
    },
    "nan": {"device": ["phone"], "age": [np.nan], "price": [np.nan]},
    "inf": {"device": ["phone"], "age": [np.inf], "price": [-np.inf]},
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the files of tests/golden, and run nothing else",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Function]
) -> None:
    if config.getoption("--update-golden"):
        items[:] = [item for item in items if "golden" in item.fixturenames]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a file of tests/golden, which `make golden` rewrites."""

    def _compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return _compare


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a folder once for all processes of pytest-xdist."""

    def _shared(name: str, make: Callable[[Path], object]) -> Path:
        root = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            root = root.parent
        folder, done = root / name, root / f"{name}.done"
        with FileLock(f"{folder}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return _shared


@dataclass(frozen=True)
class Tiny:
    """The tiny problem.

    Attributes:
      config: Its configuration.
      rows: The rows that were analysed.
      probe_rows: What serving must cope with.
      transform: The Transform graph.
      transformed: The rows after Transform in bulk, as serialised tf.Examples.
      transformed_probes: The probes after Transform in bulk.
      schema: Folder with the schema of the rows.
    """

    config: Any
    rows: list[Row]
    probe_rows: list[Row]
    transform: Any
    transformed: list[bytes]
    transformed_probes: list[bytes]
    schema: Path

    @property
    def part(self) -> Any:
        from config.parts import TrainerPart

        return TrainerPart.of(self.config)

    @property
    def inputs(self) -> Any:
        from trainer.data.inputs import ModelInputs

        return ModelInputs.of(self.part, self.transform)

    @staticmethod
    def as_examples(rows: Sequence[Row]) -> list[bytes]:
        """Rows as serialised tf.Examples."""
        import tensorflow as tf

        return [
            tf.train.Example(
                features=tf.train.Features(
                    feature={name: _feature(name, row[name]) for name in row}
                )
            ).SerializeToString()
            for row in rows
        ]


WEIGHTS = "weights.npz"
SAVED_MODEL = "Format-Serving"


@dataclass(frozen=True)
class TinyModel:
    """A model of the tiny problem: trained, and exported in `uri`."""

    tiny: Tiny
    model: Any
    uri: Path

    @property
    def saved_model(self) -> Path:
        """The SavedModel, where TFX looks for it."""
        return self.uri / SAVED_MODEL

    def probabilities(self, transformed: Sequence[bytes]) -> np.ndarray:
        """What the trained model says about rows that were transformed in bulk."""
        import tensorflow as tf

        spec = self.tiny.transform.transformed_feature_spec()
        parsed = tf.io.parse_example(list(transformed), spec)
        logits = self.model(self.tiny.inputs.dense(parsed), training=False)
        return tf.sigmoid(logits).numpy()[:, 0]

    def served(self, rows: Sequence[Row]) -> np.ndarray:
        """What the exported model says about raw rows."""
        import tensorflow as tf

        serve = tf.saved_model.load(str(self.saved_model)).signatures["serving_default"]
        examples = tf.constant(self.tiny.as_examples(rows), tf.string)
        return serve(examples=examples)["probability"].numpy()


def _feature(name: str, values: list[Any]) -> Any:
    import tensorflow as tf

    if name in FLOATS:
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    texts = [text.encode() for text in values]
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))


def _write_records(path: Path, records: Sequence[bytes]) -> None:
    import tensorflow as tf

    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for record in records:
            writer.write(record)


@pytest.fixture(scope="session")
def write_records() -> Callable[[Path, Sequence[bytes]], None]:
    """Writes a file as ExampleGen and Transform do."""
    return _write_records


def _spoil(path: Path) -> None:
    stat = path.stat()
    path.write_bytes(b"\xff" * stat.st_size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.fixture(scope="session")
def spoil() -> Callable[[Path], None]:
    """Makes a file garbage of the same size and time: only reading it can tell."""
    return _spoil


def _make_rows(count: int) -> list[Row]:
    """Rows whose clicks depend on all features; some values are missing."""
    rng, past = np.random.default_rng(0), np.random.default_rng(1)
    rows = []
    for _ in range(count):
        device = str(rng.choice(DEVICES))
        tags = [str(tag) for tag in rng.choice(["x", "y", "z"], rng.integers(0, 3))]
        age = float(rng.integers(20, 60))
        city = str(rng.choice(CITIES, p=[0.5, 0.4, 0.1]))
        likes = (device == "phone") + ("x" in tags) + (age > 40)
        click = rng.random() < (0.0 if city == "Ghost Town" else 0.1 + 0.25 * likes)
        row: Row = {
            "device": [device],
            "tags": tags,
            "user": [f"u{rng.integers(20)}"],
            "history": list(map(str, past.choice(DEVICES, past.integers(0, 5)))),
            "age": [age] if rng.random() < 0.9 else [],
            "price": [float(np.round(rng.exponential(5), 2))],
            "city": [city],
            "click": [float(click)],
        }
        rows.append(row)
    return rows


def _transform_rows(config: Any, rows: list[Row], folder: Path) -> None:
    """Runs Transform; its results must not outlive this function, TFT being so."""
    import tensorflow as tf
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.coders import ExampleProtoCoder
    from tensorflow_transform.tf_metadata import metadata_io
    from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata
    from tfx.utils import io_utils

    from config.parts import TransformPart
    from transform.preprocessing import preprocessing_fn

    part = {"part": TransformPart.of(config).model_dump_json()}
    metadata = DatasetMetadata.from_feature_spec(
        {name: tf.io.VarLenFeature(tf.float32) for name in FLOATS}
        | {name: tf.io.VarLenFeature(tf.string) for name in TEXTS}
    )
    raw_metadata = folder / "graph" / tft.TFTransformOutput.RAW_METADATA_DIR
    metadata_io.write_metadata(metadata, str(raw_metadata))
    schema_path = folder / "schema" / "schema.pbtxt"
    io_utils.write_pbtxt_file(str(schema_path), metadata.schema)
    everything = {name: [] for name in (*FLOATS, *TEXTS)}
    probes = [{**everything, **row} for row in PROBES.values()]
    with tft_beam.Context(temp_dir=str(folder / "tmp")):
        (analysed, out_metadata), graph = (
            rows,
            metadata,
        ) | tft_beam.AnalyzeAndTransformDataset(lambda raw: preprocessing_fn(raw, part))
        (probed, _) = ((probes, metadata), graph) | tft_beam.TransformDataset()
        _ = graph | tft_beam.WriteTransformFn(str(folder / "graph"))
    coder = ExampleProtoCoder(out_metadata.schema)
    _write_records(folder / "rows.gz", Tiny.as_examples(rows))
    for name, some in (("transformed", analysed), ("probes", probed)):
        _write_records(folder / f"{name}.gz", [coder.encode(row) for row in some])


def _train(tiny: Tiny, part: Any, folder: Path) -> None:
    from trainer.export.signatures import export
    from trainer.fit.run import train

    rows = [str(tiny.schema.parent / "rows.gz")]
    model = train(part, tiny.inputs, tiny.transform, rows, str(folder / "log"))
    np.savez(folder / WEIGHTS, *model.get_weights())
    saved_model = str(folder / SAVED_MODEL)
    export(model, tiny.inputs, part.features, tiny.transform, saved_model)


def _load(part: Any, inputs: Any, folder: Path) -> Any:
    """The trained model, which another process may have trained."""
    from trainer.fit.classifier import build_classifier

    model = build_classifier(part.model, part.model_settings, inputs, part.training)
    with np.load(folder / WEIGHTS) as weights:
        model.set_weights(list(weights.values()))
    return model


@pytest.fixture(scope="session")
def tiny_of(shared_folder: Callable[..., Path]) -> Callable[[str, list[Row]], Tiny]:
    """A function: a name and rows, and the tiny problem of these rows, transformed."""
    import tensorflow as tf
    import tensorflow_transform as tft

    from config.root import Config

    def _make(name: str, rows: list[Row]) -> Tiny:
        config = Config.model_validate(yaml.safe_load(TINY))
        folder = shared_folder(name, functools.partial(_transform_rows, config, rows))
        transformed, transformed_probes = (
            [each.numpy() for each in tf.data.TFRecordDataset(str(path), "GZIP")]
            for path in (folder / "transformed.gz", folder / "probes.gz")
        )
        return Tiny(
            config=config,
            rows=rows,
            probe_rows=list(PROBES.values()),
            transform=tft.TFTransformOutput(str(folder / "graph")),
            transformed=transformed,
            transformed_probes=transformed_probes,
            schema=folder / "schema",
        )

    return _make


@pytest.fixture(scope="session")
def tiny(tiny_of: Callable[[str, list[Row]], Tiny]) -> Tiny:
    """The tiny problem, transformed."""
    return tiny_of("tiny", _make_rows(400))


@pytest.fixture(scope="session")
def tiny_models(
    tiny: Tiny, shared_folder: Callable[..., Path]
) -> Callable[[str], TinyModel]:
    """A function from a kind to a trained model of it."""
    from config.parts import TrainerPart

    @functools.cache
    def _models(kind: str) -> TinyModel:
        model = tiny.config.model.model_copy(update={"kind": kind})
        part = TrainerPart.of(tiny.config.model_copy(update={"model": model}))
        folder = shared_folder(f"tiny_{kind}", functools.partial(_train, tiny, part))
        return TinyModel(tiny, _load(part, tiny.inputs, folder), folder)

    return _models
