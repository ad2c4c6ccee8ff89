"""Paths of the data sets of benchmarks and tests."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
# Census and Chicago taxi, a folder each; a benchmark takes another by --data.
REAL_DATA = CHECKOUT.parent / "shared" / "data"
