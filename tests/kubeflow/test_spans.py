"""The newest span is a run parameter, which a schedule sets to a day."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
import yaml
from emulation.backend import Backend
from emulation.releases import RELEASES
from google.protobuf import json_format

from config.errors import ConfigError
from ctr.simulate import simulate
from kubeflow.compile.parameters import check_values, with_run_parameters
from kubeflow.compile.pipeline import compile_pipeline
from kubeflow.task.metadata import start_time
from kubeflow.task.scheduled_date import read_schedule_time, scheduled_span
from pipeline.metadata import connection_to

SPANS = {"pattern": "clicks/{YYYY}-{MM}-{DD}.csv", "train": 2}
VALUES = {"data": "/data", "epochs": 1.0, "approval": "manual"}


@pytest.fixture
def config(load, tmp_path):
    """A function from overrides to a configuration with examples in spans."""
    spans = f"examples={{spans: {json.dumps(SPANS)}}}"
    return lambda *overrides: load(spans, *overrides, data=str(tmp_path / "data"))


def test_the_newest_span_goes_where_the_configuration_has_it(config):
    found = with_run_parameters(config(), {**VALUES, "span": "2026-11-20"})

    assert found.examples.spans.newest == "2026-11-20"
    assert found.examples.spans.train == 2


@pytest.mark.parametrize("span", ["2026-11-31", "8", scheduled_span(1)])
def test_a_span_has_to_be_one_of_the_pattern(config, span):
    with pytest.raises(ConfigError, match=r"examples\.spans"):
        with_run_parameters(config(), {**VALUES, "span": span})


@pytest.mark.parametrize("span", ["latest", "2026-02-07", scheduled_span(1)])
def test_a_value_is_checked_before_it_goes(config, span):
    check_values(config(), {"span": span})
    with pytest.raises(ConfigError, match=r"examples\.spans"):
        check_values(config(), {"span": "7"})


def test_it_is_declared_with_its_default(config, tmp_path):
    package = tmp_path / "pipeline_kfp.yaml"
    compile_pipeline(config("examples.spans.newest=2026-11-20"), package)

    spec, _ = yaml.safe_load_all(package.read_text())
    assert spec["root"]["inputDefinitions"]["parameters"]["span"] == {
        "parameterType": "STRING",
        "defaultValue": "2026-11-20",
        "isOptional": True,
    }


# The oldest leaves the placeholder of the time, the newest replaces it.
@pytest.mark.parametrize(
    "release", [RELEASES[0], RELEASES[-1]], ids=lambda release: release.name
)
def test_a_scheduled_run_reads_the_days_before_it_is_due(config, tmp_path, release):
    simulate(tmp_path / "data", rows=1_000, days=5, seed=1)
    given = read_schedule_time(release.schedule_time or "")
    today = (given or datetime.now(timezone.utc)).date()
    for number in range(5):
        day = tmp_path / "data" / "clicks" / f"day-{number + 1:02d}.csv"
        day.rename(day.with_name(f"{today - timedelta(days=4 - number)}.csv"))
    metadata = f"sqlite://{tmp_path}/metadata.sqlite"
    package = tmp_path / "pipeline_kfp.yaml"
    overrides = (
        f"kubeflow.metadata={metadata}",
        f"kubeflow.models={{claim: models, path: {tmp_path}}}",
    )
    compile_pipeline(config(*overrides), package)
    backend = Backend(tmp_path / "backend", release=release)

    run = backend.run(package, {"span": scheduled_span(1)}, only="ExampleGen")

    examples = backend.artifacts.get(run.outputs["ExampleGen"].artifacts["examples"])
    read = str(json_format.MessageToDict(examples.metadata))
    # Not the day on which the test began: midnight may come.
    due = (given or start_time(connection_to(metadata), run.id)).date()
    assert str(due - timedelta(days=1)) in read
    assert str(due) not in read
    files = backend.objects.path(examples.uri)
    assert len(list(files.glob("Split-train/*.gz"))) == 2
    assert len(list(files.glob("Split-eval/*.gz"))) == 1
