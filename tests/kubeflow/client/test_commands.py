"""`ctr kubeflow upload | run | schedule | ...` from the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from ctr import cli
from kubeflow.client import waiting
from pipeline.metadata import connection_to
from pipeline.review.records import RecordStore
from serving.releases.records import ReleaseRecord

CONFIG = """
name: ads
examples: {root: "gs://clicks", splits: {train: train.csv, eval: eval.csv}}
label: {column: click}
features: {device: {kind: categorical}}
kubeflow: {image: "ads:1", pipeline_root: "minio://mlpipeline/ads"}
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "pipeline.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def ctr(server, config, package, capsys, monkeypatch):
    """Runs a command; gives its exit status and what it printed."""
    monkeypatch.setattr(waiting.time, "sleep", lambda _: None)

    def run(action, *arguments, host=server.url):
        command = ["kubeflow", action, "-c", str(config), "--host", host, *arguments]
        if action in ("upload", "run", "schedule"):
            command += ["--package", str(package.path)]
        capsys.readouterr()
        status = cli.main(command)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def rejected(ctr):
    """A function that runs a command, to its exit status and its one error line."""

    def run(*arguments, **settings):
        status, out, err = ctr(*arguments, **settings)
        assert out == ""
        assert err.startswith("error: ")
        assert len(err.splitlines()) == 1
        return status, err

    return run


def test_the_words_of_a_session(ctr, server, package, golden):
    daily = ("schedule", "--cron", "0 0 3 * * *", "--name", "daily")
    server.progress = [{"Trainer": "RUNNING"}, {"Trainer": "SUCCEEDED"}]
    lines = []
    for command in (
        ("list",),
        ("upload",),
        ("run", "--name", "first", "--wait"),
        daily,
        daily,
        ("schedule", "--every", "1h", "--name", "hourly"),
        ("pause", "--name", "daily"),
        (*daily, "--max-concurrency", "2"),
        ("list",),
        ("resume", "--name", "daily"),
        ("unschedule", "--name", "hourly"),
        ("pause", "--name", "hourly"),
        ("run", "--param", "speed=1"),
    ):
        status, out, err = ctr(*command)
        lines += [f"$ ctr kubeflow {' '.join(command)}", out + err, f"[{status}]", ""]
    text = "\n".join(lines).replace(server.url, "HOST")
    golden("kubeflow.txt", text.replace(package.version, "VERSION"))


def test_upload(ctr, package):
    ctr("upload")

    status, out, _ = ctr("upload", "--json")
    assert status == 0
    assert json.loads(out) == {
        "pipeline": "ads",
        "pipeline_id": "pipeline_id-1",
        "name": package.version,
        "version_id": "pipeline_version_id-2",
        "uploaded": False,
    }


def test_options_of_a_run(ctr, server):
    options = ("--param", "steps=7", "--name", "first", "--service-account", "trainer")
    status, out, _ = ctr("run", *options, "--json")

    assert status == 0
    assert json.loads(out) == {
        "run_id": server.run["run_id"],
        "name": "first",
        "url": f"{server.url}/#/runs/details/{server.run['run_id']}",
    }
    assert server.run["display_name"] == "first"
    assert server.run["service_account"] == "trainer"
    assert server.run["runtime_config"] == {
        "parameters": {"steps": 7},
        "pipeline_root": "minio://mlpipeline/ads",
    }
    server.runs.clear()
    assert ctr("run", "--pipeline-root", "s3://other/ads")[0] == 0
    assert server.run["runtime_config"]["pipeline_root"] == "s3://other/ads"


def test_a_run_goes_on_where_nobody_waits(ctr, server, monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(waiting.time, "sleep", interrupted)
    server.progress = [{"Trainer": "RUNNING"}, {"Trainer": "SUCCEEDED"}]

    with pytest.raises(SystemExit, match="130"):
        ctr("run", "--wait")

    (line,) = capsys.readouterr().err.splitlines()
    assert f"{server.url}/#/runs/details/{server.run['run_id']}" in line


@pytest.mark.parametrize(("task", "status"), [("ExampleValidator", 3), ("Trainer", 1)])
def test_the_exit_status_is_that_of_ctr_run(ctr, server, task, status):
    server.end = "FAILED"
    server.progress = [{task: "FAILED"}]

    ended, out, _ = ctr("run", "--wait", "--json")

    assert ended == status
    printed = json.loads(out)
    assert printed["state"] == "failed"
    assert printed["failed_tasks"] == [task]


def record(url, verdicts):
    """Records the verdicts of some runs, in their order."""
    connection = connection_to(url)
    metadata = metadata_store.MetadataStore(connection)
    kind = metadata.put_context_type(metadata_store_pb2.ContextType(name="pipeline"))
    metadata.put_contexts([metadata_store_pb2.Context(type_id=kind, name="ads")])
    store = RecordStore(connection, "ads")
    for version, (run, status) in enumerate(verdicts.items(), 1):
        store.add(ReleaseRecord(status=status, run=run, digest=run, version=version))


@pytest.mark.parametrize(
    ("verdict", "status"),
    [("released", 0), ("awaiting_approval", 0), ("blocked", 3), ("rejected", 3)],
)
def test_the_verdict_is_that_of_ml_metadata(
    ctr, server, config, tmp_path, monkeypatch, verdict, status
):
    url = f"sqlite://{tmp_path}/metadata.sqlite"
    record(url, {"before": "released", "run_id-4": verdict, "after": "released"})
    # A server of ML Metadata takes no file; what is asked of it is the same.
    monkeypatch.setattr(
        "pipeline.metadata.connection_config", lambda *_: connection_to(url)
    )
    config.write_text(CONFIG + "metadata: {grpc: 'localhost:8080'}\n")

    ended, out, _ = ctr("run", "--wait", "--json")

    assert json.loads(out)["run_id"] == "run_id-4"
    assert (ended, json.loads(out)["verdict"]) == (status, verdict)


def test_a_run_without_ml_metadata_has_no_verdict(ctr, config):
    config.write_text(CONFIG + "metadata: {grpc: '127.0.0.1:9'}\n")

    status, _, err = ctr("run", "--wait")

    assert status == 1
    assert err.startswith("error: the run succeeded")
    assert "`metadata`" in err
    assert len(err.splitlines()) == 1


def test_the_pipeline_is_compiled_where_no_package_is_given(server, config, capsys):
    more = ["-c", str(config), "--host", server.url, "--json"]
    every = ["--every", "1d", "--param", "epochs=2"]

    assert cli.main(["kubeflow", "run", *more]) == 0
    assert cli.main(["kubeflow", "schedule", *every, *more]) == 0

    (version,) = server.versions.values()
    assert {"ExampleGen", "Trainer", "Pusher"} <= set(version["spec"].root.dag.tasks)
    assert server.schedule["runtime_config"]["parameters"]["epochs"] == 2
    capsys.readouterr()
    assert cli.main(["kubeflow", "run", *more, "--param", "epochs=0"]) == 2
    assert "training.epochs: got 0" in capsys.readouterr().err
    assert len(server.runs) == 1


def test_compile_prints_the_next_command_and_no_noise(config, tmp_path):
    output = tmp_path / "ads.yaml"
    command = ["kubeflow", "compile", "-c", str(config), "-o", str(output)]
    # What libraries print while they are imported is seen in a process of its own.
    done = subprocess.run(
        [sys.executable, "-m", "ctr.cli", *command], capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.endswith(f"ctr kubeflow run -c {config} --package {output}")


@pytest.fixture
def compile_with(config, tmp_path, capsys):
    """A function from overrides to the exit status of `compile`, and its errors."""

    def run(*overrides, output=tmp_path / "ads.yaml"):
        command = ["kubeflow", "compile", "-c", str(config), "-o", str(output)]
        options = [word for each in overrides for word in ("--set", each)]
        return cli.main([*command, *options]), capsys.readouterr().err.splitlines()

    return run


def test_a_configuration_that_will_hardly_run_is_warned_of(compile_with, tmp_path):
    overrides = ("beam.runner=FlinkRunner", "examples.root=clicks")
    status, (workers, examples) = compile_with(*overrides)

    assert status == 0
    assert workers.startswith("warning: kubeflow.artifacts: ")
    assert examples.startswith(f"warning: examples.root: {tmp_path}/clicks ")


@pytest.mark.parametrize("output", ["nodir/k.yaml", "."])
def test_an_output_that_cannot_be_written_is_named(compile_with, tmp_path, output):
    path = tmp_path / output
    # Before it is found that there is no image.
    status, (line,) = compile_with("kubeflow.image=null", output=path)

    assert status == 2
    assert line.startswith(f"error: --output {path}: ")


def test_a_person_decides_by_a_run(ctr, server):
    server.progress = [{"Candidate": "SUCCEEDED"}, {"Decision": "RUNNING"}]

    who = ("--by", "Ann", "--note", "AUC is up")
    status, out, _ = ctr("approve", "run-1", *who, "--override")

    assert status == 0
    assert {"Candidate: 90 s", "Decision: running"} < set(out.splitlines())
    assert server.run["display_name"] == "approve run-1"
    assert server.run["runtime_config"]["parameters"] == {
        "run": "run-1",
        "decision": "approve",
        "by": "Ann",
        "note": "AUC is up",
        "override": True,
        "rollback": False,
    }
    server.end = "FAILED"
    server.progress = [{"Decision": "FAILED"}]
    status, out, _ = ctr("reject", "run-2", *who, "--json")
    assert status == 1
    assert json.loads(out)["failed_tasks"] == ["Decision"]
    assert len(server.versions) == 1


def test_options_of_a_schedule(ctr, server):
    options = ("--every", "1d", "--name", "daily", "--max-concurrency", "2", "--json")
    status, out, _ = ctr("schedule", *options)

    assert status == 0
    assert server.schedule["runtime_config"]["parameters"] == {}
    assert server.schedule["no_catchup"] is True
    printed = json.loads(out)
    assert printed["outcome"] == "made"
    assert printed["schedule_id"] == server.schedule["recurring_run_id"]
    assert printed["at_once"] == 2
    out = ctr("unschedule", "--name", "daily", "--json")[1]
    assert json.loads(out) == {"name": "daily", "outcome": "removed"}


@pytest.mark.parametrize(
    ("pattern", "arguments", "parameters"),
    [
        ("{YYYY}-{MM}-{DD}.csv", (), {"span": "scheduled-1d"}),
        ("{YYYY}-{MM}-{DD}.csv", ("--days-before", "0"), {"span": "scheduled"}),
        ("{YYYY}-{MM}-{DD}.csv", ("--param", "span=latest"), {"span": "latest"}),
        ("{SPAN}.csv", (), {}),
    ],
)
def test_a_schedule_passes_a_date(ctr, server, config, pattern, arguments, parameters):
    spans = f"{{spans: {{pattern: '{pattern}', train: 7}}}}"
    examples = '{root: "gs://clicks", splits: {train: train.csv, eval: eval.csv}}'
    config.write_text(CONFIG.replace(examples, spans))

    status, _, err = ctr("schedule", "--every", "1d", *arguments)

    assert (status, err) == (0, "")
    assert server.schedule["runtime_config"]["parameters"] == parameters


def test_list(ctr, server, package):
    ctr("list")
    assert server.experiments == {}, "who may only view may list"
    ctr("run", "--name", "first")
    ctr("schedule", "--every", "1h", "--name", "hourly")

    listed = json.loads(ctr("list", "--json")[1])
    (version,), (schedule,), (run,) = listed.values()
    assert version["version"] == run["version"] == schedule["version"]
    assert version["version"] == package.version
    assert schedule["name"] == "hourly"
    assert run["name"] == "first"
    assert run["url"] == f"{server.url}/#/runs/details/{server.run['run_id']}"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("schedule", "--cron", "0 3 * * *"), ["5 fields", "six"]),
        (("schedule", "--every", "1w"), ["--every: got '1w'"]),
        (
            ("schedule", "--every", "1d", "--max-concurrency", "11"),
            ["--max-concurrency: got 11", "1 to 10"],
        ),
        (("schedule", "--every", "1d", "--days-before", "2"), ["--days-before"]),
        (("run", "--param", "step=3"), ["--param step: "]),
        (("schedule", "--every", "1d", "--param", "steps=many"), ["'many'"]),
        (("upload", "--set", "training.epoch=3"), ["'epoch'"]),
        (("list", "--token-file", "none"), ["none: "]),
    ],
)
def test_wrong_use_is_an_error_before_the_server_is_asked(rejected, arguments, named):
    status, err = rejected(*arguments, host="http://127.0.0.1:9")

    assert status == 2
    assert all(word in err for word in named)


def test_errors_of_the_server_are_one_line(rejected):
    status, err = rejected("pause", "--name", "dayly")
    assert (status, "'dayly'" in err) == (1, True)

    status, err = rejected("list", host="http://127.0.0.1:9")
    assert (status, "http://127.0.0.1:9: " in err) == (1, True)


@pytest.mark.parametrize("limit", ["0", "-1", "ten"])
def test_a_limit_is_a_number(ctr, limit, capsys):
    with pytest.raises(SystemExit):
        ctr("list", "--limit", limit)

    err = capsys.readouterr().err
    assert all(word in err for word in ("--limit", "1 or more", f"'{limit}'"))
