"""The server that the client is tested against refuses what the real one refuses."""

from __future__ import annotations

import pytest
from emulation.api_models import check_model
from kfp_server_api import ApiException
from werkzeug.exceptions import BadRequest

from kubeflow.client import versions
from kubeflow.client.package import Package

RUN = {
    "display_name": "daily",
    "experiment_id": "e",
    "max_concurrency": 1,
    "no_catchup": True,
    "mode": "ENABLE",
    "trigger": {"cron_schedule": {"cron": "0 0 3 * * *"}},
    "runtime_config": {"parameters": {"steps": 3}, "pipeline_root": "minio://a"},
}


def test_a_request_that_fits():
    check_model(RUN, "V2beta1RecurringRun", "run")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "daily"}, "run: unknown field 'name'"),
        ({"display_name": ["daily"]}, "run.display_name: .* has the wrong type"),
        ({"no_catchup": "yes"}, "run.no_catchup: 'yes' has the wrong type"),
        ({"max_concurrency": True}, "run.max_concurrency: True has the wrong type"),
        ({"mode": "ON"}, "run.mode: 'ON' is no RecurringRunMode"),
        (
            {"trigger": {"cron_schedule": {"cron_expression": "0 0 3 * * *"}}},
            "run.trigger.cron_schedule: unknown field 'cron_expression'",
        ),
        ({"runtime_config": {"parameters": ["steps"]}}, "has the wrong type"),
    ],
)
def test_a_request_that_does_not_fit(change, message):
    with pytest.raises(BadRequest, match=message):
        check_model({**RUN, **change}, "V2beta1RecurringRun", "run")


def test_an_old_schema_is_refused(client, package):
    text = package.path.read_text().replace("2.1.0", "2.0.0")
    package.path.write_text(text)

    with pytest.raises(ApiException, match=r"only supports schema version 2\.1\.0"):
        versions.upload(client, Package.read(package.path))
