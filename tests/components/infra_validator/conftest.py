"""Candidates, rows, and the executor that tries them on a real server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Tried:
    """What the executor left.

    Attributes:
      blessing: The artifact.
      record: What was measured.
    """

    blessing: Any
    record: Any

    @property
    def folder(self) -> Path:
        """Where the artifact is."""
        return Path(self.blessing.uri)


@pytest.fixture(scope="session")
def split(
    tiny: Any,
    tmp_path_factory: pytest.TempPathFactory,
    write_records: Callable[..., None],
) -> Path:
    """Examples whose eval split has what serving must cope with, and more."""
    examples = tmp_path_factory.mktemp("examples")
    rows = tiny.as_examples([*tiny.probe_rows, *tiny.rows[:143]])
    write_records(examples / "Split-eval" / "b.gz", rows[100:])
    write_records(examples / "Split-eval" / "a.gz", rows[:100])
    return examples


@pytest.fixture(scope="session")
def try_model(
    split: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Tried]:
    """Runs the executor on a Model artifact's folder; settings override."""
    from tfx.types import standard_artifacts

    from components.infra_validator.executor import InfraValidatorExecutor
    from components.infra_validator.record import InfraRecord
    from config.parts import InfraValidatorPart
    from config.release import InfraValidation

    from ..artifacts import artifact

    def _try(model: Path, batching: Any = None, **settings: Any) -> Tried:
        examples = artifact(standard_artifacts.Examples, split)
        examples.split_names = '["eval"]'
        blessing = artifact(
            standard_artifacts.InfraBlessing, tmp_path_factory.mktemp("blessing")
        )
        part = InfraValidatorPart(
            name="tiny", validation=InfraValidation(**settings), batching=batching
        )
        InfraValidatorExecutor().Do(
            {
                "model": [artifact(standard_artifacts.Model, model)],
                "examples": [examples],
            },
            {"infra_blessing": [blessing]},
            {"part": part.model_dump_json(), "code": ""},
        )
        return Tried(blessing, InfraRecord.read(blessing.uri))

    return _try
