"""A configuration to change, and what a person is told about the change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load_config
from config.root import Config

CONFIG = """
name: ads
examples: {splits: {train: 'day_[1-6].csv', eval: day_7.csv}}
label: {column: click}
features:
  age: {kind: numeric}
  gender: {kind: categorical}
  user: {kind: hashed, buckets: 100}
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Config]:
    """Loads the text with overrides applied."""

    def _load(*overrides: str, text: str = CONFIG) -> Config:
        path = tmp_path / "pipeline.yaml"
        path.write_text(text, encoding="utf-8")
        return load_config(path, overrides)

    return _load


@pytest.fixture
def message(tmp_path: Path, load: Callable[..., Config]) -> Callable[..., str]:
    """The line that a person gets to see, without the name of the file."""

    def _message(*overrides: str, text: str = CONFIG) -> str:
        with pytest.raises(ConfigError) as caught:
            load(*overrides, text=text)
        line = str(caught.value)
        assert len(line.splitlines()) == 1
        assert line.isprintable()
        return line.removeprefix(f"{tmp_path / 'pipeline.yaml'}: ")

    return _message
