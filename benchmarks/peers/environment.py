"""Runs a program of this package in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.places import CHECKOUT

_PROGRAMS = Path(__file__).parent
# Of each program: a peer wants other versions of TensorFlow, NumPy or pandas than this
# project.
_REQUIREMENTS = {
    "deepctr_wide_deep": ("deepctr==0.9.4", "tensorflow-cpu==2.15.1"),
    # The versions that it was written for; it names none.
    "fuxictr_models": (
        "fuxictr==2.3.10",
        "keras_preprocessing",
        "numpy<2",
        "pandas<2.3",
        "polars<1.30",
        "pyarrow<18",
        "scikit-learn<1.6",
        "torch==2.3.1",
    ),
}


def run(program: str, arguments: Sequence[str]) -> str:
    """Runs a program, and makes its environment if that is missing.

    Args:
      program: Name of the module.
      arguments: Its arguments.

    Returns:
      The last line that it printed.

    Raises:
      subprocess.CalledProcessError: If it failed.
    """
    python = _environment(program)
    command = [str(python), str(_PROGRAMS / f"{program}.py"), *arguments]
    # TFX chooses a Keras for its process, which another TensorFlow does not have.
    environment = {k: v for k, v in os.environ.items() if k != "TF_USE_LEGACY_KERAS"}
    ended = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    # DeepCTR tells of its own updates first.
    return ended.stdout.splitlines()[-1]


def _environment(program: str) -> Path:
    """Python of the program's environment."""
    folder = CHECKOUT / "runs" / "benchmarks" / "peers" / program
    uv = str(Path(sys.executable).parent / "uv")
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", folder], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*install, *_REQUIREMENTS[program]], check=True)
    return python
