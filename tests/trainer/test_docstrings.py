"""Examples in the docstrings of layers, models and optimizers."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = [
    "trainer.layers.attention",
    "trainer.layers.batch",
    "trainer.layers.deep",
    "trainer.layers.dice",
    "trainer.layers.embedding",
    "trainer.layers.output",
    "trainer.models.deepfm",
    "trainer.optimizers.clipping",
    "trainer.optimizers.joint",
    "trainer.optimizers.sparse",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    failed, attempted = doctest.testmod(importlib.import_module(name))

    assert failed == 0
    assert attempted > 0
