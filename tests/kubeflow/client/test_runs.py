"""Uploads, runs and schedules, by kfp's client over HTTP."""

from __future__ import annotations

import io

import pytest
from kfp_server_api import ApiException
from rich.console import Console

from config.errors import ConfigError, KubeflowError
from kubeflow.client import schedules, versions, waiting
from kubeflow.client.listing import listing
from kubeflow.client.package import Package
from kubeflow.client.runs import Inputs, find_experiment, make_experiment, start
from kubeflow.client.schedules import (
    Timing,
    read_cron,
    read_interval,
    with_scheduled_date,
)
from kubeflow.client.waiting import wait

DAILY = Timing(cron="0 0 3 * * *", every=None)
INPUTS = Inputs({"steps": 500}, "minio://mlpipeline/ads")
CREATE = ("POST", "/apis/v2beta1/recurringruns")
UPLOAD = ("POST", "/apis/v2beta1/pipelines/upload_version")


@pytest.fixture
def version(client, package):
    return versions.upload(client, package)


@pytest.fixture
def experiment(client):
    return make_experiment(client, "ads")


# --- Versions


def test_the_same_content_is_uploaded_once(client, server, package):
    first = versions.upload(client, package)
    second = versions.upload(client, package)

    assert (first.uploaded, second.uploaded) == (True, False)
    assert first.version_id == second.version_id
    assert server.asked(*UPLOAD) == 1


def test_other_content_is_another_version_of_the_same_pipeline(client, server, package):
    first = versions.upload(client, package)
    spec = package.path.read_text().replace("ads:1", "ads:2")
    package.path.write_text(spec)
    second = versions.upload(client, Package.read(package.path))

    assert first.pipeline_id == second.pipeline_id
    assert first.version_id != second.version_id
    assert len(server.pipelines) == 1


def test_versions_are_listed_over_pages(client, package):
    uploaded = []
    text = package.path.read_text()
    for number in range(5):
        package.path.write_text(text.replace("ads:1", f"ads:{number}"))
        uploaded.append(versions.upload(client, Package.read(package.path)))

    for limit in (4, 10):
        listed = listing(client, "ads", limit)["versions"]
        newest_first = [each.name for each in uploaded][::-1]
        assert [each["version"] for each in listed] == newest_first[:limit]


def test_an_upload_that_was_interrupted_is_finished(client, server, package):
    body = client.api_models.V2beta1Pipeline(display_name="ads", namespace=None)
    client.pipelines.pipeline_service_create_pipeline(body)

    assert versions.upload(client, package).uploaded
    assert len(server.pipelines) == 1


# --- Runs


def test_a_run_is_one_of_its_version(client, server, version, capsys):
    run_id = start(client, version, "today", INPUTS)

    assert server.run["pipeline_version_reference"] == {
        "pipeline_id": version.pipeline_id,
        "pipeline_version_id": version.version_id,
    }
    (listed,) = listing(client, "ads", limit=5)["runs"]
    assert listed["run_id"] == run_id
    assert capsys.readouterr().out == ""


@pytest.fixture
def ended(client, server, version, package):
    """A function from the states of tasks to the exit status of a run, and its log."""

    def run(*progress, end="SUCCEEDED", failures=()):
        run_id = start(client, version, "a", INPUTS)
        server.progress, server.end = list(progress), end
        server.failures = list(failures)
        console = Console(file=io.StringIO(), width=200)
        run = wait(client, run_id, package.tasks, console, every=0)
        lines = console.file.getvalue().splitlines()
        return run.exit_status, lines

    return run


def test_each_change_of_a_task_is_logged_once(ended):
    status, lines = ended(
        {"root-driver": "SUCCEEDED", "ExampleValidator": "RUNNING"},
        {"ExampleValidator": "SUCCEEDED", "Trainer": "PENDING"},
        {"Trainer": "RUNNING"},
        {"Trainer": "RUNNING"},
        {"Trainer": "SUCCEEDED", "root": "SUCCEEDED"},
    )

    assert status == 0
    assert lines == [
        "ExampleValidator: running",
        "ExampleValidator: 90 s",
        "Trainer: pending",
        "Trainer: running",
        "Trainer: 90 s",
    ]


def test_tasks_of_a_server_without_details_are_requested(ended, server):
    """Servers of 3.0, which list them in pages."""
    server.version = "3.0.0"
    status, lines = ended(
        {
            "root-driver": "SUCCEEDED",
            "ExampleValidator": "CACHED",
            "Trainer": "RUNNING",
        },
        {"Trainer": "FAILED: exit code 1"},
        end="FAILED",
    )

    assert status == 1
    assert lines == [
        "ExampleValidator: cached",
        "Trainer: running",
        "Trainer: failed: exit code 1",
    ]


def test_a_run_without_tasks_yet_is_waited_for(ended, server):
    assert ended({}, {}, {"Trainer": "SUCCEEDED"}) == (0, ["Trainer: 90 s"])


def test_a_task_that_stops_the_run_on_purpose_is_a_gate(ended):
    progress = [
        {"executor": "FAILED", "ExampleValidator": "FAILED: exit code 3"},
        {"root": "FAILED"},
    ]

    status, (line,) = ended(*progress, end="FAILED")
    assert status == 3
    assert line.startswith("ExampleValidator: ")
    assert "exit code 3" in line


@pytest.mark.parametrize(
    ("states", "end"),
    [
        ({"Trainer": "FAILED"}, "FAILED"),
        ({"InfraValidator": "FAILED"}, "FAILED"),
        ({"ReleaseGate": "FAILED"}, "FAILED"),
        ({"Trainer": "FAILED", "ExampleValidator": "FAILED"}, "FAILED"),
        ({"ExampleValidator-driver": "FAILED"}, "FAILED"),
        ({}, "FAILED"),
        ({"Trainer": "RUNNING"}, "CANCELED"),
    ],
)
def test_any_other_end_is_a_failure(ended, states, end):
    assert ended(states, end=end)[0] == 1


def test_waiting_outlives_a_server_that_is_away_for_a_while(ended, monkeypatch):
    assert ended(failures=[503] * 5)[0] == 0

    monkeypatch.setattr(waiting, "_RETRIES", 2)
    with pytest.raises(ApiException, match="503"):
        ended(failures=[503] * 10)


# --- Schedules


def test_a_schedule_is_pinned_and_does_not_catch_up(client, server, version):
    applied = schedules.apply(client, version, "daily", DAILY, INPUTS)

    assert applied == schedules.Applied("recurring_run_id-4", "made", False)
    made = server.schedule
    assert made["trigger"] == {"cron_schedule": {"cron": "0 0 3 * * *"}}
    assert made["pipeline_version_reference"] == {
        "pipeline_id": version.pipeline_id,
        "pipeline_version_id": version.version_id,
    }
    assert made["runtime_config"]["pipeline_root"] == "minio://mlpipeline/ads"
    assert made["no_catchup"] is True
    assert int(made["max_concurrency"]) == 1
    assert made["mode"] == "ENABLE"


def test_an_interval(client, server, version):
    timing = Timing(cron=None, every=3600, at_once=10, catch_up=True)

    schedules.apply(client, version, "hourly", timing, INPUTS)

    trigger = server.schedule["trigger"]["periodic_schedule"]
    assert int(trigger["interval_second"]) == 3600
    assert int(server.schedule["max_concurrency"]) == 10
    assert server.schedule["no_catchup"] is False


def test_an_unchanged_schedule_is_left_alone(client, server, version):
    first = schedules.apply(client, version, "daily", DAILY, INPUTS)
    second = schedules.apply(client, version, "daily", DAILY, INPUTS)

    assert second == schedules.Applied(first.schedule_id, "unchanged", False)
    assert server.asked(*CREATE) == 1


@pytest.mark.parametrize(
    ("timing", "inputs"),
    [
        (Timing(cron="0 0 4 * * *", every=None), INPUTS),
        (Timing(cron="0 0 3 * * *", every=None, at_once=2), INPUTS),
        (DAILY, Inputs({"steps": 501}, "minio://mlpipeline/ads")),
        (DAILY, Inputs({"steps": 500}, "minio://mlpipeline/other")),
    ],
)
def test_a_changed_schedule_is_replaced(client, server, version, timing, inputs):
    first = schedules.apply(client, version, "daily", DAILY, INPUTS)
    second = schedules.apply(client, version, "daily", timing, inputs)

    assert second.outcome == "replaced"
    assert list(server.schedules) == [second.schedule_id]
    assert first.schedule_id not in server.schedules


def test_the_old_schedule_stays_where_the_new_one_cannot_be_made(
    client, server, version
):
    first = schedules.apply(client, version, "daily", DAILY, INPUTS)

    with pytest.raises(ApiException, match="NUMBER_INTEGER"):
        schedules.apply(client, version, "daily", DAILY, Inputs({"steps": "many"}))

    assert list(server.schedules) == [first.schedule_id]


def test_all_of_a_name_are_replaced_by_one(client, server, version):
    for _ in range(5):
        schedules.apply(client, version, "daily", DAILY, INPUTS)
        for schedule in server.schedules.values():
            schedule["description"] = "made by hand"

    assert len(server.schedules) == 1


def test_a_paused_schedule_stays_paused_when_it_is_replaced(client, server, version):
    schedules.apply(client, version, "daily", DAILY, INPUTS)
    schedules.pause(client, "ads", "daily")
    assert server.schedule["status"] == "DISABLED"

    applied = schedules.apply(client, version, "daily", DAILY, Inputs({}))

    assert (applied.outcome, applied.paused) == ("replaced", True)
    assert server.schedule["status"] == "DISABLED"
    schedules.resume(client, "ads", "daily")
    assert server.schedule["status"] == "ENABLED"


def test_others_are_left_alone(client, server, version, experiment):
    for name in ("daily", "weekly", "monthly", "yearly"):
        schedules.apply(client, version, name, DAILY, INPUTS)

    schedules.remove(client, "ads", "weekly")

    left = schedules.list_schedules(client, experiment)
    assert [each.display_name for each in left] == ["daily", "monthly", "yearly"]


@pytest.mark.parametrize(
    "change", [schedules.pause, schedules.resume, schedules.remove]
)
def test_an_unknown_schedule_is_an_error_and_changes_nothing(
    client, server, version, change
):
    with pytest.raises(KubeflowError, match=r"'daily'.*none"):
        change(client, "ads", "daily")
    assert find_experiment(client, "ads") is None
    assert server.experiments == {}

    schedules.apply(client, version, "daily", DAILY, INPUTS)
    with pytest.raises(KubeflowError, match=r"'dayly'.*daily$"):
        change(client, "ads", "dayly")


@pytest.mark.parametrize(
    ("timing", "named"),
    [
        # What the server would change without a word.
        ({"every": 60, "at_once": 0}, ["got 0", "1 to 10"]),
        ({"every": 60, "at_once": 11}, ["got 11", "1 to 10"]),
        ({}, ["--cron", "--every"]),
        ({"cron": "0 0 3 * * *", "every": 60}, ["--cron", "--every"]),
    ],
)
def test_a_wrong_timing_is_rejected(timing, named):
    with pytest.raises(ConfigError) as caught:
        Timing(**{"cron": None, "every": None, **timing})
    assert all(word in str(caught.value) for word in named)


def test_a_schedule_passes_the_day_before_a_run_is_due(package):
    dated = with_scheduled_date(INPUTS, package.parameters, 2)
    assert dated.parameters == {"steps": 500, "span": "scheduled-2d"}

    with pytest.raises(ConfigError, match="--days-before: got -1"):
        with_scheduled_date(INPUTS, package.parameters, -1)
    assert with_scheduled_date(INPUTS, {}, 1) == INPUTS


# --- Timing


def test_a_cron_expression_has_six_fields():
    assert read_cron("0  0 3 * * MON-FRI") == "0 0 3 * * MON-FRI"


@pytest.mark.parametrize("text", ["0 3 * * *", "0 0 3 * * * 2026", "@daily", ""])
def test_other_numbers_of_fields_are_rejected(text):
    with pytest.raises(ConfigError, match=rf"got {len(text.split())} fields"):
        read_cron(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("12h", 43200), ("1d", 86400)]
)
def test_intervals(text, seconds):
    assert read_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "0h", "h", "1", "1.5h", "-1h", "1w", "1h30m"])
def test_malformed_intervals_are_rejected(text):
    with pytest.raises(ConfigError, match="--every: got"):
        read_interval(text)
