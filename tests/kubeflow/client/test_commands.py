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


def test_upload(ctr, package):
    first = ctr("upload")
    assert first == (0, f"Version {package.version} of ads: uploaded\n", "")

    status, out, _ = ctr("upload", "--json")
    assert status == 0
    assert json.loads(out) == {
        "pipeline": "ads",
        "pipeline_id": "pipeline_id-1",
        "name": package.version,
        "version_id": "pipeline_version_id-2",
        "uploaded": False,
    }


def test_run_prints_where_to_look(ctr, server, package):
    status, out, _ = ctr("run", "--param", "steps=7", "--name", "first")

    assert status == 0
    url = f"{server.url}/#/runs/details/{server.run['run_id']}"
    assert out == f"Version {package.version} of ads: uploaded\nRun: {url}\n"
    assert server.run["display_name"] == "first"
    assert server.run["runtime_config"] == {
        "parameters": {"steps": 7},
        "pipeline_root": "minio://mlpipeline/ads",
    }


def test_options_of_a_run(ctr, server):
    root = ("--pipeline-root", "s3://other/ads")
    status, out, _ = ctr("run", *root, "--service-account", "trainer", "--json")

    assert status == 0
    assert json.loads(out).keys() == {"run_id", "name", "url"}
    assert server.run["runtime_config"]["pipeline_root"] == "s3://other/ads"
    assert server.run["service_account"] == "trainer"


def test_run_waits(ctr, server):
    server.progress = [{"Trainer": "RUNNING"}, {"Trainer": "SUCCEEDED"}]

    status, out, _ = ctr("run", "--wait")

    assert status == 0
    lines = ["Trainer: running", "Trainer: 90 s", "Run succeeded"]
    assert out.splitlines()[-3:] == lines


def test_a_run_goes_on_where_nobody_waits(ctr, server, monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(waiting.time, "sleep", interrupted)
    server.progress = [{"Trainer": "RUNNING"}, {"Trainer": "SUCCEEDED"}]

    with pytest.raises(SystemExit, match="130"):
        ctr("run", "--wait")

    url = f"{server.url}/#/runs/details/{server.run['run_id']}"
    assert capsys.readouterr().err == f"interrupted; the run goes on: {url}\n"


@pytest.mark.parametrize(("task", "status"), [("ExampleValidator", 3), ("Trainer", 1)])
def test_the_exit_status_is_that_of_ctr_run(ctr, server, task, status):
    server.end = "FAILED"
    server.progress = [{task: "FAILED"}]

    ended, out, _ = ctr("run", "--wait", "--json")

    assert ended == status
    told = json.loads(out)
    assert told["state"] == "failed"
    assert told["failed_tasks"] == [task]


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


def test_where_ml_metadata_does_not_answer_the_end_is_told_all_the_same(ctr, config):
    config.write_text(CONFIG + "metadata: {grpc: '127.0.0.1:9'}\n")

    status, _, err = ctr("run", "--wait")

    assert status == 1
    assert err.startswith("error: the run succeeded, but ML Metadata, at `metadata` in")
    assert err.count("\n") == 1


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
    told = capsys.readouterr().err
    assert told.startswith("error: run parameters: training.epochs: got 0;")
    assert len(server.runs) == 1


def test_compile_says_what_is_next_and_nothing_of_what_libraries_say(config, tmp_path):
    output = tmp_path / "ads.yaml"
    command = ["kubeflow", "compile", "-c", str(config), "-o", str(output)]
    done = subprocess.run(
        [sys.executable, "-m", "ctr.cli", *command], capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    step = f"ctr kubeflow run -c {config} --package {output}"
    assert done.stdout == f"{output}: written; run it by: {step}\n"


@pytest.mark.parametrize("action", ["compile", "upload"])
def test_what_will_hardly_run_is_told(server, config, tmp_path, capsys, action):
    output = ["-o", str(tmp_path / "ads.yaml")]
    more = output if action == "compile" else ["--host", server.url, "--json"]
    command = ["kubeflow", action, "-c", str(config), *more]

    overrides = ["--set", "beam.runner=FlinkRunner", "--set", "examples.root=clicks"]
    assert cli.main([*command, *overrides]) == 0

    workers, examples = capsys.readouterr().err.splitlines()
    assert workers.startswith("warning: kubeflow.artifacts: this key is missing; work")
    assert examples.startswith(
        f"warning: examples.root: {tmp_path}/clicks is on no volume"
    )


def test_what_cannot_run_is_refused(config, tmp_path, capsys):
    command = ["kubeflow", "compile", "-c", str(config), "-o", str(tmp_path / "x.yaml")]
    volumes = "kubeflow.tasks.volumes=[{claim: a, path: /models}]"

    assert cli.main([*command, "--set", volumes]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: kubeflow: ExampleGen: the volumes 'ctr-models' and ")


def test_a_person_decides_by_a_run(ctr, server):
    server.progress = [{"Candidate": "SUCCEEDED"}, {"Decision": "RUNNING"}]

    who = ("--by", "Ann", "--note", "AUC is up")
    status, out, _ = ctr("approve", "run-1", *who, "--override")

    assert status == 0
    assert out.splitlines()[-3:] == [
        "Candidate: 90 s",
        "Decision: running",
        "Run succeeded",
    ]
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


def test_schedule_says_what_it_did(ctr, server):
    cron = ("--cron", "0 0 3 * * *")
    status, out, _ = ctr("schedule", *cron, "--max-concurrency", "2")
    assert status == 0
    assert "Schedule ads: made\nThe cron expression is in the time zone of the" in out
    assert server.schedule["runtime_config"]["parameters"] == {}
    assert server.schedule["no_catchup"] is True

    _, out, _ = ctr("schedule", *cron, "--max-concurrency", "2", "--json")
    told = json.loads(out)
    assert told["outcome"] == "unchanged"
    assert told["schedule_id"] == server.schedule["recurring_run_id"]
    assert told["at_once"] == 2


@pytest.mark.parametrize(
    ("pattern", "arguments", "parameters"),
    [
        ("{YYYY}-{MM}-{DD}.csv", (), {"span": "scheduled-1d"}),
        (
            "{YYYY}-{MM}-{DD}.csv",
            ("--days-before", "0"),
            {"span": "scheduled"},
        ),
        ("{YYYY}-{MM}-{DD}.csv", ("--param", "span=latest"), {"span": "latest"}),
        ("{SPAN}.csv", (), {}),
    ],
)
def test_schedule_passes_a_date(ctr, server, config, pattern, arguments, parameters):
    spans = f"{{spans: {{pattern: '{pattern}', train: 7}}}}"
    examples = '{root: "gs://clicks", splits: {train: train.csv, eval: eval.csv}}'
    config.write_text(CONFIG.replace(examples, spans))

    status, _, err = ctr("schedule", "--every", "1d", *arguments)

    assert (status, err) == (0, "")
    assert server.schedule["runtime_config"]["parameters"] == parameters


def test_pause_resume_and_unschedule(ctr, server):
    ctr("schedule", "--every", "1d", "--name", "daily")
    name = ("--name", "daily")

    assert ctr("pause", *name) == (0, "Schedule daily: paused\n", "")
    assert server.schedule["status"] == "DISABLED"
    _, out, _ = ctr("schedule", "--every", "12h", *name)
    assert "Schedule daily: replaced; it is paused, as before\n" in out
    assert ctr("resume", *name) == (0, "Schedule daily: resumed\n", "")
    assert server.schedule["status"] == "ENABLED"
    _, out, _ = ctr("unschedule", *name, "--json")
    assert json.loads(out) == {"name": "daily", "outcome": "removed"}
    assert server.schedules == {}


def test_list(ctr, server, package):
    assert ctr("list")[1] == "versions: none\n\nschedules: none\n\nruns: none\n"
    assert server.experiments == {}, "who may only view may list"
    ctr("run", "--name", "first")
    ctr("schedule", "--cron", "0 0 3 * * *", "--name", "daily")
    ctr("schedule", "--every", "1h", "--name", "hourly")

    out = ctr("list")[1]

    assert out == (
        "versions\n"
        "version       created\n"
        f"{package.version}  2027-01-15 08:00 UTC\n"
        "\n"
        "schedules\n"
        "name    state  when          max_concurrency  version\n"
        f"daily   on     0 0 3 * * *   1                {package.version}\n"
        f"hourly  on     every 3600 s  1                {package.version}\n"
        "\n"
        "runs\n"
        "name   state    created               version\n"
        f"first  pending  2027-01-15 08:00 UTC  {package.version}\n"
    )
    (run,) = json.loads(ctr("list", "--json")[1])["runs"]
    assert run["url"] == f"{server.url}/#/runs/details/{server.run['run_id']}"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("run", "--param", "speed=1"), 2, "--param speed: unknown; this pipeline has"),
        (("schedule", "--cron", "0 3 * * *"), 2, "expected six: second minute hour"),
        (("schedule", "--every", "1w"), 2, "--every: got '1w'"),
        (
            ("schedule", "--every", "1d", "--max-concurrency", "11"),
            2,
            "--max-concurrency: got 11; allowed are 1 to 10",
        ),
        (("schedule", "--every", "1d", "--days-before", "2"), 2, "are no days"),
        (("pause", "--name", "dayly"), 1, "no schedule is named 'dayly'"),
    ],
)
def test_errors_are_one_line(ctr, arguments, status, message):
    ended, out, err = ctr(*arguments)

    assert (ended, out) == (status, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("schedule", "--cron", "0 3 * * *"), "expected six: second minute hour"),
        (("schedule", "--every", "1d", "--days-before", "2"), "are no days"),
        (("run", "--param", "step=3"), "--param step: unknown; this pipeline has"),
        (("upload", "--set", "training.epoch=3"), "unknown key 'epoch'"),
        (("list", "--token-file", "none"), "none: cannot be read"),
    ],
)
def test_what_is_wrong_here_is_told_before_the_server_is_asked(ctr, arguments, message):
    status, out, err = ctr(*arguments, host="http://127.0.0.1:9")

    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("output", ["nodir/k.yaml", "."])
def test_a_file_that_cannot_be_compiled_to_is_told_at_once(
    config, tmp_path, capsys, output
):
    path = tmp_path / output
    command = ["kubeflow", "compile", "-c", str(config), "-o", str(path)]

    # Also before it is told that there is no image.
    assert cli.main([*command, "--set", "kubeflow.image=null"]) == 2
    whys = {
        "nodir/k.yaml": f"there is no folder {tmp_path / 'nodir'}; make it first",
        ".": "is a folder; name a file in it",
    }
    assert capsys.readouterr().err == f"error: --output {path}: {whys[output]}\n"


def test_a_server_that_is_not_there_is_one_line_too(config):
    command = ["kubeflow", "list", "-c", str(config), "--host", "http://127.0.0.1:9"]
    done = subprocess.run(
        [sys.executable, "-m", "ctr.cli", *command], capture_output=True, text=True
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: http://127.0.0.1:9: cannot be reached (")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("limit", ["0", "-1", "ten"])
def test_a_limit_is_a_number(ctr, limit, capsys):
    with pytest.raises(SystemExit):
        ctr("list", "--limit", limit)

    assert f"--limit: expected 1 or more, got '{limit}'" in capsys.readouterr().err


def test_nothing_is_uploaded_for_a_wrong_parameter(ctr, server):
    ctr("run", "--param", "speed=1")
    ctr("schedule", "--every", "1d", "--param", "steps=many")

    assert server.versions == {}


def test_a_login_by_file(ctr, server, tmp_path):
    token = tmp_path / "token"
    token.write_text("secret")
    server.token = "secret"

    assert ctr("list", "--token-file", str(token))[0] == 0
    status, _, err = ctr("list")
    assert status == 1
    assert "not logged in (401)" in err
