"""Two days: the second starts from the first day's release, and repeats itself."""

from __future__ import annotations

import re

DAY = "examples.splits={{train: 'clicks/day-0[1-{0}].csv', eval: clicks/day-0{1}.csv}}"
NO_TRUTH = "evaluation.true_probability=null"
WARM = "training.warm_start.model=last_release"


def trainer_lines(problem):
    log = (problem.work_dir / "latest" / "run.log").read_text()
    return re.findall(r"(?:no )?warm start.*", log)


def not_cached(summary):
    return [c["id"] for c in summary["components"] if not c["cached"]]


def test_a_day_starts_from_the_release_of_the_day_before(problem):
    first = problem.run("--set", DAY.format(2, 3), "--set", NO_TRUTH, "--set", WARM)
    assert first.returncode == 0, first.stdout + first.stderr
    assert trainer_lines(problem) == ["no warm start: nothing was released before"]

    second = problem.run("--set", DAY.format(3, 4), "--set", NO_TRUTH, "--set", WARM)
    assert second.returncode == 0, second.stdout + second.stderr
    (line,) = trainer_lines(problem)
    taken = re.search(r"Trainer/model/\S+: (\d+) of (\d+) weights taken over", line)
    assert taken is not None, line
    assert taken[1] == taken[2]
    before = problem.summary()
    versions = problem.versions()
    assert len(versions) == 2

    third = problem.run("--set", DAY.format(3, 4), "--set", NO_TRUTH, "--set", WARM)
    assert third.returncode == 0, third.stdout + third.stderr
    # Its own release is not what it starts from.
    assert not_cached(problem.summary()) == [
        "LastRelease",
        "StandingDecision",
        "ReleaseGate",
        "Pusher",
    ]
    assert problem.summary()["model_version"] == before["model_version"]
    assert problem.versions() == versions


def test_a_folder_that_is_not_there(problem):
    result = problem.run("--set", "training.warm_start.model=nowhere")
    assert result.returncode == 2
    assert result.stderr == (
        f"error: training.warm_start.model: {problem.folder}/nowhere: there is no such "
        "folder\n"
    )
