"""A kill leaves the old version or the new one, whole; repeating finishes the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLING = Path(__file__).with_name("killing.py")

# What serves after each command, of r1, r2 and r3 before, with two older versions kept.
EXPECTED = {
    "release": ["r2", "r3", "r4"],
    "approve": ["r2", "r3", "r4"],
    # Of those that are taken back, r3 is the younger one.
    "rollback": ["r1", "r3", "r2"],
}
RECORDED = {
    "release": [],
    "approve": [["released", "r4", False]],
    "rollback": [["released", "r2", True]],
}


def served(state):
    """The model of each version, the newest last; each must be whole."""
    found = []
    for version in sorted(state["versions"], key=int):
        files = dict(state["versions"][version])
        model = files["saved_model.pb"]
        record = json.loads(files.pop("assets.extra/release.json"))
        assert record["version"] == int(version)
        assert files == {"saved_model.pb": model, "variables/variables.index": model}
        found.append(model)
    return found


@pytest.mark.parametrize("command", EXPECTED)
def test_a_kill_at_any_moment_leaves_whole_versions(command, tmp_path):
    lines = subprocess.check_output(
        [sys.executable, str(KILLING), command, str(tmp_path)],
        text=True,
        cwd=Path(__file__).parents[3],
    ).splitlines()
    *kills, unharmed = [json.loads(line) for line in lines]
    new = EXPECTED[command]

    assert served(unharmed["left"]) == new
    assert served(kills[0]["left"]) == ["r1", "r2", "r3"]
    newest = set()
    for kill in kills:
        assert kill["killed"]
        newest.add(served(kill["left"])[-1])
        assert served(kill["finished"]) == new
        assert kill["finished"]["others"] == [".lock"]
        assert kill["finished"]["records"] == unharmed["left"]["records"]
    assert newest == {"r3", new[-1]}, "some were killed before the release, some after"
    records = kills[0]["left"]["records"]
    assert unharmed["left"]["records"] == [*records, *RECORDED[command]]
    # Copying, renaming and removing two files and two folders takes as many at least.
    assert len(kills) > 20
