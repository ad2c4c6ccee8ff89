"""What a candidate came from."""

from __future__ import annotations

import pytest
from tfx.types import standard_artifacts

from components.evaluation_report.collect.lineage import sources
from components.evaluation_report.content import Source
from config.root import Config


def _config(**examples) -> Config:
    return Config.model_validate(
        {
            "name": "ads",
            "examples": examples,
            "label": {"column": "click"},
            "features": {"age": {"kind": "numeric"}},
        }
    )


def _examples(*splits: str) -> standard_artifacts.Examples:
    lines = [
        f"split:{split},num_files:2,total_bytes:30,checksum:0a1b" for split in splits
    ]
    examples = standard_artifacts.Examples()
    examples.set_string_custom_property("input_fingerprint", "\n".join(lines))
    return examples


@pytest.mark.parametrize(
    ("settings", "patterns"),
    [
        (
            {"splits": {"train": "day-0*.csv", "eval": "day-10.csv"}},
            {"train": "day-0*.csv", "eval": "day-10.csv"},
        ),
        (
            {"hash_split": {"pattern": "*.csv", "column": "user_id"}},
            {"all": "*.csv"},
        ),
        (
            {"spans": {"pattern": "{YYYY}{MM}{DD}.csv", "train": 2}},
            {"train": "{YYYY}{MM}{DD}.csv", "eval": "{YYYY}{MM}{DD}.csv"},
        ),
    ],
)
def test_files_are_told_by_pattern(settings, patterns):
    assert sources(_config(**settings), _examples(*patterns)) == tuple(
        Source(split=split, pattern=pattern, files=2, bytes=30, checksum="0a1b")
        for split, pattern in patterns.items()
    )
