"""Builds models of any kind from a few columns."""

from __future__ import annotations

import pytest

from config.model import Model
from config.training import Training
from trainer.fit.classifier import build_classifier

# What makes a model small, whatever its kind.
SMALL = {"hidden_units": (8,), "residual_units": (8,), "attention_units": (4,)}


@pytest.fixture
def build():
    """A function: kind, columns and settings, of which it takes those it knows."""

    def build(kind, inputs, **settings):
        block = type(Model(kind=kind).settings)
        known = {
            name: value
            for name, value in {**SMALL, **settings}.items()
            if name in block.model_fields
        }
        return build_classifier(kind, block(**known), inputs, Training())

    return build
