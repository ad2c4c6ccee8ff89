"""Models and requests of the benchmarks of serving."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.places import CHECKOUT
from benchmarks.serving.light_model import light_rows, write_light_model
from config.features import raw_columns
from config.load import load_config
from serving.client import Client, Target
from serving.client.features import Signature
from serving.client.files import Layout, read_rows
from serving.load_test.figures import predict_requests

_LIGHT_ROWS = 10_000


@dataclass(frozen=True)
class Subject:
    """A model, and rows to ask it about.

    Attributes:
      name: Name of the model.
      base_path: Directory of its versions.
    """

    name: str
    base_path: Path

    @property
    def version(self) -> Path:
        """Directory of the latest version."""
        numbers = [int(each.name) for each in self.base_path.glob("[0-9]*")]
        return self.base_path / str(max(numbers))

    def rows(self, client: Client) -> Any:
        """Rows to ask about."""
        return light_rows(_LIGHT_ROWS)

    def requests(
        self, client: Client, signature: Signature, batch_size: int
    ) -> list[bytes]:
        """PredictRequests of a batch size."""
        return predict_requests(
            self.rows(client),
            client.features(),
            Target(self.name),
            signature,
            batch_size,
        )


class Demo(Subject):
    """Returns the model that `make demo` released."""

    def rows(self, client: Client) -> Any:
        """The rows of its last day."""
        config = load_config(CHECKOUT / "examples" / self.name / "pipeline.yaml")
        columns = raw_columns(config.features)
        layout = Layout(
            config.examples.csv,
            config.examples.missing_values,
            columns,
            only_features=False,
        )
        path = CHECKOUT / "runs" / "ad_click_data" / "clicks" / "day-08.csv"
        return next(read_rows(path, client.features(), layout)).rows


def light(folder: Path) -> Subject:
    """A model of 20 features that costs next to nothing."""
    write_light_model(folder / "1")
    return Subject("light", folder)


def demo() -> Demo | None:
    """Returns the model that `make demo` released, or None before that."""
    base_path = CHECKOUT / "runs" / "ad_click" / "models" / "ad_click"
    return Demo("ad_click", base_path) if any(base_path.glob("[0-9]*")) else None
