"""Garbage collection in processes that import TFX and TensorFlow."""

from __future__ import annotations

import atexit
import gc

# Python's own is 700 (objects allocated, less those freed, between collections).
_THRESHOLD = 50_000


def collect_rarely() -> None:
    """Collects garbage rarely, and not once more when the process ends.

    TFX comes with 600,000 objects, none of them garbage. To look at them again and
    again takes a quarter of the time of the imports, and another second at the end.
    """
    gc.set_threshold(_THRESHOLD)
    atexit.register(gc.freeze)
