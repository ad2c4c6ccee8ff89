"""A small problem, compiled for Kubeflow, and a backend that runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulation.backend import Backend
from emulation.package import Package

from config.load import load_config
from ctr.simulate import simulate

CONFIG: dict[str, Any] = {
    "name": "Small_ads",
    "examples": {"splits": {"train": "clicks/day-0[1-3]*.csv", "eval": "clicks/4.csv"}},
    "label": {"column": "click"},
    "features": {
        "age": {"kind": "numeric", "buckets": 5},
        "gender": {"kind": "categorical"},
        "ad_id": {"kind": "hashed", "buckets": 100},
    },
    "model": {
        "kind": "wide_deep",
        "embedding_size": 4,
        "wide_deep": {"hidden_units": [16]},
    },
    "training": {"epochs": 9, "batch_size": 128},
    "validation": {"drift": {"gender": 0.9}},
    "gates": [{"metric": "auc", "min": 0.3}],
    "infra_validation": None,
    "kubeflow": {"image": "registry.example/ctr:1"},
}


class Cluster:
    """A place with data, a volume and a backend.

    Attributes:
      data: A folder that all tasks see.
      volume: Another, which models and ML Metadata are on.
      backend: Runs what is compiled.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.data = folder / "data"
        self.volume = folder / "volume"
        self.volume.mkdir()
        simulate(self.data, rows=2_000, days=4, seed=3)
        (self.data / "clicks" / "day-04.csv").rename(self.data / "clicks" / "4.csv")
        self.backend = Backend(folder / "backend")

    def config(self, notify: Any = (), **kubeflow: Any) -> Any:
        """The configuration, with other settings of `kubeflow`."""
        settings = {
            **CONFIG["kubeflow"],
            "models": {"claim": "models", "path": str(self.volume)},
            "metadata": self.metadata,
            **kubeflow,
        }
        path = self.folder / "pipeline.yaml"
        blocks = {"kubeflow": settings, "notify": list(notify)}
        path.write_text(yaml.safe_dump({**CONFIG, **blocks}))
        return load_config(path, data=str(self.data))

    @property
    def metadata(self) -> str:
        return f"sqlite://{self.volume}/metadata.sqlite"

    def compile(self, **kubeflow: Any) -> Path:
        from kubeflow.compile.pipeline import compile_pipeline

        output = self.folder / "pipeline_kfp.yaml"
        compile_pipeline(self.config(**kubeflow), output)
        return output


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """A function from overrides and the folder of examples to the configuration."""

    def load(*overrides: str, data: str | None = None) -> Any:
        path = tmp_path_factory.mktemp("config") / "pipeline.yaml"
        path.write_text(yaml.safe_dump(CONFIG))
        return load_config(path, overrides, data)

    return load


@pytest.fixture(scope="session")
def compiled(
    load: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Package]:
    """A function from overrides of the configuration to the package of it."""
    from kubeflow.compile.pipeline import compile_pipeline

    def compiled(*overrides: str) -> Package:
        output = tmp_path_factory.mktemp("compiled") / "out.yaml"
        compile_pipeline(load(*overrides, data="/data"), output)
        return Package.read(output)

    return compiled


@pytest.fixture(scope="session")
def package(compiled: Callable[..., Package]) -> Package:
    """The small problem, compiled once for all tests."""
    return compiled()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """A cluster in which nothing ran yet."""
    return Cluster(tmp_path_factory.mktemp("cluster"))
