"""The local Transform beside TFX's own: the same graph of the same examples."""

from __future__ import annotations

import filecmp
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from config.features import (
    FEATURE_KINDS,
    Categorical,
    Cross,
    Hashed,
    ItemSequence,
    Numeric,
)
from config.parts import TransformPart
from tests.examples import as_example

pytestmark = pytest.mark.slow

LABEL = "click"
PART = TransformPart(
    features={
        "city": Categorical(),
        "user": Categorical(min_frequency=3, oov_buckets=4),
        "page": Categorical(top_k=5),
        "tags": Categorical(multivalued=True, top_k=4, min_frequency=2),
        "words": Categorical(delimiter="|", oov_buckets=2),
        "ip": Hashed(buckets=7),
        "seen": Hashed(buckets=9, multivalued=True),
        "past": ItemSequence(like="user", max_length=2),
        "past ips": ItemSequence(like="ip", delimiter="|"),
        "age": Numeric(buckets=4, missing_indicator=True),
        "price": Numeric(normalize="log1p", buckets=10),
        "stock": Numeric(normalize="min_max", fill=0.0),
        "rate": Numeric(normalize="none", boundaries=(0.0, 1.0)),
        "no text": Categorical(),
        "no number": Numeric(buckets=3, missing_indicator=True),
    },
    crosses=(
        Cross(features=("city", "ip"), buckets=50),
        Cross(features=("tags", "words"), buckets=60),
        Cross(features=("age", "city"), buckets=70),
    ),
    label=LABEL,
)
TEXTS = ["a", "b", "B", "", "7.0", "07", "ü", "\x00", "two words", "a\nb", "\r", "zz"]
NUMBERS = [0.0, 1.0, -1.5, 1e30, -1e-38, float("nan"), float("inf")]


@dataclass(frozen=True)
class Graph:
    """The graph that a Transform wrote, and the examples."""

    folder: Path
    examples: Path

    @property
    def assets(self) -> Path:
        return self.folder / "transform_fn" / "assets"

    def columns(self, split: str) -> dict[str, list[np.ndarray]]:
        """The columns of a split."""
        import tensorflow_transform as tft

        from trainer.data.examples import transformed_examples

        columns = defaultdict(list)
        for batch in transformed_examples(
            [str(self.examples / f"Split-{split}" / "*")],
            tft.TFTransformOutput(str(self.folder)),
            size=1000,
        ):
            for name, column in batch.items():
                columns[name] += _listed(column)
        return columns


def _listed(column: Any) -> list[np.ndarray]:
    import tensorflow as tf

    if isinstance(column, tf.SparseTensor):
        column = tf.RaggedTensor.from_sparse(column)
    return list(map(np.asarray, column.numpy()))


def random_row(rng: np.random.Generator) -> dict[str, list[Any]]:
    """A row in which anything may be missing."""

    def text() -> list[str]:
        return [str(each) for each in rng.choice(TEXTS, rng.integers(2))]

    def number() -> list[float]:
        often = rng.normal(scale=50) if rng.random() < 0.7 else rng.choice(NUMBERS)
        return [float(often)] if rng.random() < 0.9 else []

    return {
        "city": text(),
        "user": [f"user {rng.geometric(0.05)}"],
        "page": [f"page {rng.integers(12)}"],
        "tags": [str(each) for each in rng.choice(TEXTS, rng.integers(4))],
        "words": ["|".join(rng.choice(TEXTS, rng.integers(1, 4)))],
        "ip": text(),
        "seen": [str(each) for each in rng.choice(TEXTS, rng.integers(4))],
        "past": [f"user {rng.geometric(0.05)}" for _ in range(rng.integers(5))],
        "past ips": ["|".join(rng.choice(TEXTS, rng.integers(1, 4)))],
        "age": number(),
        "price": number(),
        "stock": number(),
        "rate": number(),
        "no text": [],
        "no number": [],
    }


@pytest.fixture(scope="module", params=[1, 10_000], ids="{} rows".format)
def both(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    write_records: Callable[..., None],
) -> tuple[Graph, Graph]:
    """TFX's Transform and ours."""
    from tfx.components.transform.executor import Executor
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor

    from components.transform.executor import TransformExecutor
    from pipeline.beam import beam_args

    folder = tmp_path_factory.mktemp("transform")
    rng = np.random.default_rng(request.param)
    rows = [{**random_row(rng), LABEL: [float(n)]} for n in range(request.param)]
    for split, some in (("train", rows), ("eval", rows[: len(rows) // 5 + 1])):
        half = len(some) // 2
        split_folder = folder / "examples" / f"Split-{split}"
        write_records(split_folder / "a.gz", _encoded(some[:half]))
        write_records(split_folder / "b.gz", _encoded(some[half:]))
    _write_schema(folder / "schema")
    part = {"part": PART.model_dump_json()}
    beam = BaseBeamExecutor.Context(beam_args({}), str(folder / "tmp"), "1")
    theirs = {
        "preprocessing_fn": "transform.preprocessing.preprocessing_fn",
        "custom_config": json.dumps(part),
        "disable_statistics": 1,
    }
    return (
        _run(Executor(beam), theirs, folder, "tfx"),
        _run(TransformExecutor(), {**part, "code": "1"}, folder, "local"),
    )


def _encoded(rows: Sequence[Mapping[str, Any]]) -> list[bytes]:
    return [as_example(row).SerializeToString() for row in rows]


def _write_schema(folder: Path) -> None:
    import tensorflow as tf
    from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata
    from tfx.utils import io_utils

    numbers = {n for n, f in PART.features.items() if isinstance(f, Numeric)} | {LABEL}
    spec = {
        name: tf.io.VarLenFeature(tf.float32 if name in numbers else tf.string)
        for name in (*PART.features, LABEL)
    }
    schema = DatasetMetadata.from_feature_spec(spec).schema
    io_utils.write_pbtxt_file(str(folder / "schema.pbtxt"), schema)


def _run(executor: Any, properties: dict[str, Any], folder: Path, name: str) -> Graph:
    from tfx.types import standard_artifacts as kinds

    def artifact(kind: type, path: Path) -> Any:
        made = kind()
        made.uri = str(path)
        return made

    examples = artifact(kinds.Examples, folder / "examples")
    examples.split_names = '["train", "eval"]'
    schema = artifact(kinds.Schema, folder / "schema")
    graph = artifact(kinds.TransformGraph, folder / name)
    executor.Do(
        {"examples": [examples], "schema": [schema]},
        {"transform_graph": [graph]},
        properties,
    )
    return Graph(Path(graph.uri), Path(examples.uri))


def test_every_kind_of_feature_takes_part():
    assert {each.kind for each in PART.features.values()} == set(FEATURE_KINDS)
    modes = {f.normalize for f in PART.features.values() if isinstance(f, Numeric)}
    assert modes == set(get_args(Numeric.model_fields["normalize"].annotation))


def test_vocabularies_are_the_same_in_the_same_order(both):
    tfx, local = both
    names = sorted(path.name for path in tfx.assets.iterdir())
    assert sorted(path.name for path in local.assets.iterdir()) == names
    assert filecmp.cmpfiles(tfx.assets, local.assets, names, shallow=False)[0] == names


def test_layouts_are_the_same(both):
    tfx, local = both
    for path in (
        "metadata/schema.pbtxt",
        "transformed_metadata/schema.pbtxt",
        "transformed_metadata/asset_map",
    ):
        assert (local.folder / path).read_text() == (tfx.folder / path).read_text()


def test_saved_functions_have_the_same_signature(both):
    import tensorflow as tf

    tfx, local = (
        tf.saved_model.load(str(each.folder / "transform_fn")).transform_fn
        for each in both
    )
    assert local.structured_input_signature == tfx.structured_input_signature
    assert local.structured_outputs == tfx.structured_outputs


@pytest.mark.parametrize("split", ["train", "eval"])
def test_examples_become_the_same(both, split):
    tfx, local = (each.columns(split) for each in both)
    assert local.keys() == tfx.keys()
    for name, column in tfx.items():
        for mine, theirs in zip(local[name], column, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6, err_msg=name)
