"""What a run starts from, named wrongly."""

from __future__ import annotations


def test_a_folder_that_is_not_there(problem):
    result = problem.run("--set", "training.warm_start.model=nowhere")
    assert result.returncode == 2
    assert result.stderr == (
        f"error: training.warm_start.model: {problem.folder}/nowhere: there is no such "
        "folder\n"
    )
