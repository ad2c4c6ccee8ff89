"""Fingerprints of our code, for TFX's cache.

TFX takes a component for unchanged when its inputs and parameters are; it does not
look at code. With the fingerprint among the parameters, a change of code re-runs the
components that import it, and no others.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import util
from importlib.metadata import version
from pathlib import Path

import grimp

from pipeline import RUN_PACKAGES

# Another version of these may give another result from the same code.
_STACK = " ".join(
    version(name)
    for name in (
        "tfx",
        "tensorflow",
        "keras",
        "tensorflow-data-validation",
        "tensorflow-transform",
        "tfx-bsl",
    )
)


def code_fingerprint(module: str) -> str:
    """Fingerprint of a module, of all modules of ours that it imports, and the stack.

    Args:
      module: Dotted name of a module of ours.

    Returns:
      16 hexadecimal digits, the same wherever the code is the same.
    """
    digest = hashlib.sha256(_STACK.encode())
    upstream = _import_graph().find_upstream_modules(module)
    for name in sorted({module, *upstream}):
        digest.update(name.encode())
        digest.update(_source(name))
    return digest.hexdigest()[:16]


@functools.cache
def _import_graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        *RUN_PACKAGES, exclude_type_checking_imports=True, cache_dir=None
    )


def _source(module: str) -> bytes:
    spec = util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_bytes()
