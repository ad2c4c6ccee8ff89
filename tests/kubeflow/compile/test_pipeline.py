"""What is compiled, compared with the rules of the backend."""

from __future__ import annotations

from random import Random

import pytest
from emulation.package import Package
from google.protobuf import json_format

from config.errors import ConfigError
from kubeflow.bundle import Bundle
from kubeflow.compile.decision import compile_decision
from kubeflow.compile.pipeline import compile_pipeline

COMPONENTS = {
    "ExampleGen",
    "StatisticsGen",
    "SchemaGen",
    "PreviousStatistics",
    "ExampleValidator",
    "Transform",
    "LastRelease",
    "Trainer",
    "Evaluator",
    "EvaluationReport",
    "StandingDecision",
    "ReleaseGate",
    "Pusher",
}


def task(package: Package, name: str):
    return package.spec.root.dag.tasks[name]


def component(package: Package, name: str):
    return package.spec.components[task(package, name).component_ref.name]


def executor(package: Package, name: str):
    return package.executors[component(package, name).executor_label]


def test_every_node_is_a_task_in_a_container(package):
    tasks = package.spec.root.dag.tasks
    assert set(tasks) == {
        *COMPONENTS,
        "LastRelease-model",
        "PreviousStatistics-previous",
    }
    for name in COMPONENTS:
        container = executor(package, name).container
        assert container.image == "registry.example/ctr:1"
        assert list(container.command) == ["python", "-m", "kubeflow.task.entrypoint"]


@pytest.fixture(scope="module")
def branched(compiled) -> Package:
    """With all branches of the DAG."""
    return compiled(
        "validation.skew={pattern: served.csv, thresholds: {gender: 0.1}}",
        "infra_validation={}",
        "training.warm_start={model: last_release}",
        "kubeflow.pipeline_root=minio://mlpipeline/ads",
    )


def test_a_branch_of_the_dag_is_compiled_as_it_is(branched):
    tasks = branched.spec.root.dag.tasks
    assert {"ServingExampleGen", "ServingStatisticsGen", "InfraValidator"} < set(tasks)
    serving = tasks["ExampleValidator"].inputs.artifacts["serving_statistics"]
    assert serving.task_output_artifact.producer_task == "ServingStatisticsGen"
    assert tasks["ReleaseGate"].inputs.artifacts["infra_blessing"]


def test_a_warm_start_is_from_what_the_resolver_finds(branched):
    trainer = task(branched, "Trainer")
    base_model = trainer.inputs.artifacts["base_model"].task_output_artifact
    assert base_model.producer_task == "LastRelease-model"
    assert "LastRelease-model" in trainer.dependent_tasks


def test_the_pipeline_root_is_in_the_spec(branched):
    assert branched.spec.default_pipeline_root == "minio://mlpipeline/ads"


def test_the_name_is_one_that_kubeflow_takes(package):
    assert package.spec.pipeline_info.name == "small-ads"


def test_run_parameters_have_types_and_defaults(package):
    declared = package.spec.root.input_definitions.parameters
    assert json_format.MessageToDict(package.spec.root.input_definitions) == {
        "parameters": {
            "data": {
                "parameterType": "STRING",
                "defaultValue": "/data",
                "isOptional": True,
            },
            "epochs": {
                "parameterType": "NUMBER_INTEGER",
                "defaultValue": 9.0,
                "isOptional": True,
            },
            "approval": {
                "parameterType": "STRING",
                "defaultValue": "manual",
                "isOptional": True,
            },
        }
    }
    for name in COMPONENTS:
        for each in declared:
            given = task(package, name).inputs.parameters[each]
            assert given.component_input_parameter == each


def test_no_task_is_served_from_the_cache_of_kubeflow(package):
    for dag in package.dags():
        for each in dag.tasks.values():
            assert not each.caching_options.enable_cache
    for name in COMPONENTS:
        # Nor where a client switches it on: each run has a key of its own.
        given = task(package, name).inputs.parameters["run_id"].runtime_value
        assert given.constant.string_value == "{{$.pipeline_job_uuid}}"


def test_what_a_resolver_finds_is_imported(package):
    baseline = task(package, "Evaluator").inputs.artifacts["baseline_model"]
    assert baseline.task_output_artifact.producer_task == "LastRelease-model"

    folder = component(package, "LastRelease-model")
    (importer,) = folder.dag.tasks
    given = folder.dag.tasks[importer].inputs.parameters["uri"]
    assert given.component_input_parameter == "uri", "it takes no task's output"
    found = task(package, "LastRelease-model").inputs.parameters["uri"]
    assert found.task_output_parameter.producer_task == "LastRelease"
    assert found.task_output_parameter.output_parameter_key == "model"
    component_of_importer = package.spec.components[f"comp-{importer}"]
    executor_of_importer = package.executors[component_of_importer.executor_label]
    assert executor_of_importer.importer.reimport, "each run has artifacts of its own"


def test_releases_are_not_imported_since_all_of_them_is_metadata(package):
    report = task(package, "EvaluationReport")
    assert "baseline_release" not in report.inputs.artifacts
    assert "LastRelease" in report.dependent_tasks
    assert "standing" not in task(package, "ReleaseGate").inputs.artifacts
    assert "StandingDecision" in task(package, "ReleaseGate").dependent_tasks


def test_a_task_waits_for_what_it_does_not_read_too(package):
    assert "ExampleValidator" in task(package, "Transform").dependent_tasks


def test_artifacts_have_the_types_that_the_dashboard_shows(package):
    def titles(definitions):
        artifacts = definitions.artifacts.items()
        return {name: each.artifact_type.schema_title for name, each in artifacts}

    report, trainer = (component(package, n) for n in ("EvaluationReport", "Trainer"))
    assert titles(report.output_definitions) == {
        "report": "system.Artifact",
        "report_page": "system.HTML",
        "report_metrics": "system.Metrics",
        "report_curves": "system.ClassificationMetrics",
    }
    assert titles(trainer.output_definitions)["model"] == "system.Model"
    assert titles(trainer.input_definitions)["examples"] == "system.Dataset"


def test_with_a_shared_folder_nothing_is_imported(compiled):
    package = compiled("kubeflow.artifacts=/artifacts")
    assert set(package.spec.root.dag.tasks) == COMPONENTS
    assert "baseline_model" not in task(package, "Evaluator").inputs.artifacts
    assert "LastRelease" in task(package, "Evaluator").dependent_tasks


def test_a_task_that_fails_is_tried_again(compiled):
    package = compiled("kubeflow.retries=3")
    for name in COMPONENTS:
        policy = json_format.MessageToDict(task(package, name).retry_policy)
        assert policy["maxRetryCount"] == 3
        assert policy["backoffDuration"] == "30s"
        # From the start of the first attempt, which trains for days.
        assert int(policy["backoffMaxDuration"].removesuffix("s")) > 7 * 24 * 3600
    default = task(compiled(), "Trainer")
    assert not default.HasField("retry_policy")


def test_notifications_are_the_exit_handler_of_all_tasks(compiled):
    """A task with this trigger has exactly one dependency, as Argo's hooks have."""
    package = compiled("notify=[{webhook: 'https://ads.example'}]")
    root = package.spec.root
    assert set(root.dag.tasks) == {"Pipeline", "Notify"}
    handler = root.dag.tasks["Notify"]
    assert list(handler.dependent_tasks) == ["Pipeline"]
    assert handler.trigger_policy.strategy == (
        handler.TriggerPolicy.ALL_UPSTREAM_TASKS_COMPLETED
    )
    group = package.spec.components[root.dag.tasks["Pipeline"].component_ref.name]
    assert set(compiled().spec.root.dag.tasks) == set(group.dag.tasks)
    assert set(group.input_definitions.parameters) == set(
        root.input_definitions.parameters
    )
    assert "exec-Notify" in package.kubernetes


SETTINGS = (
    "kubeflow.tasks={cpu: 2, memory: 8Gi, volumes: [{claim: clicks, path: /data}], "
    "secrets: [{secret: store, key: token, variable: TOKEN}], "
    "tolerations: [{key: spot}], node_selector: {zone: a}, variables: {LEVEL: info}}",
    "kubeflow.components={Trainer: {memory: 16Gi, gpus: 2, node_selector: {gpu: big}}}",
    "kubeflow.metadata_secret={secret: metadata, key: url}",
    # For the person who compiles, not for the tasks.
    "metadata.mysql=mysql://ann:hunter2@db/mlmd",
)


def test_what_kubernetes_gives_the_tasks(compiled):
    package = compiled(*SETTINGS)
    trainer, transform = (
        executor(package, name).container for name in ("Trainer", "Transform")
    )
    assert json_format.MessageToDict(trainer.resources) == {
        "resourceCpuRequest": "2",
        "resourceCpuLimit": "2",
        "resourceMemoryRequest": "16Gi",
        "resourceMemoryLimit": "16Gi",
        "accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "2"},
    }
    assert transform.resources.resource_memory_limit == "8Gi"
    assert not transform.resources.HasField("accelerator")
    assert [(each.name, each.value) for each in trainer.env] == [("LEVEL", "info")]

    settings = package.kubernetes["exec-Trainer"]
    assert [(each.constant, each.mount_path) for each in settings.pvc_mount] == [
        ("ctr-models", "/models"),
        ("clicks", "/data"),
    ]
    assert [
        (each.secret_name, each.key_to_env[0].secret_key, each.key_to_env[0].env_var)
        for each in settings.secret_as_env
    ] == [("store", "token", "TOKEN"), ("metadata", "url", "CTR_METADATA")]
    assert dict(settings.node_selector.labels) == {"zone": "a", "gpu": "big"}
    assert [(each.key, each.operator) for each in settings.tolerations] == [
        ("spot", "Exists")
    ]
    elsewhere = package.kubernetes["exec-Transform"].node_selector.labels
    assert dict(elsewhere) == {"zone": "a"}
    assert "hunter2" not in str(package)


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("kubeflow.components={Treiner: {gpus: 1}}", ["'Treiner'", "Trainer"]),
        ("kubeflow.image=null", ["kubeflow.image: "]),
        # More than a workflow can hold.
        ("validation.schema_file={features}", ["20,000", "validation.schema_file"]),
        (
            "kubeflow.components={Trainer: {volumes: [{claim: b, path: /models}]}}",
            ["kubeflow: Trainer: ", "'ctr-models' and 'b'", "/models"],
        ),
    ],
)
def test_what_cannot_run_is_rejected(compiled, tmp_path, override, named):
    random = Random(0)
    features = (
        f'feature {{ name: "{random.randbytes(8).hex()}" }}' for _ in range(2_000)
    )
    schema = tmp_path / "schema.pbtxt"
    schema.write_text("\n".join(features))
    override = override.replace("{features}", str(schema))
    with pytest.raises(ConfigError) as caught:
        compiled(override)
    assert all(word in str(caught.value) for word in named)


def test_a_long_schema_fits_into_the_workflow(compiled, tmp_path):
    """60 KB of it, and two volumes of each task."""
    feature = 'feature {{ name: "f{}" type: BYTES value_count {{ min: 1 max: 1 }} }}\n'
    text = "".join(map(feature.format, range(1_100)))
    schema = tmp_path / "schema.pbtxt"
    schema.write_text(text)
    package = compiled(
        f"validation.schema_file={schema}",
        "infra_validation={}",
        "kubeflow.artifacts=/artifacts",
        "kubeflow.tasks={volumes: [{claim: a, path: /a}, {claim: b, path: /b}]}",
    )

    assert len(text) > 60_000
    (bundle,) = {
        args[args.index("--bundle") + 1]
        for args in (list(executor(package, n).container.args) for n in COMPONENTS)
    }
    assert Bundle.decode(bundle).curated_schema == text


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("beam.s3_secret_access_key=hunter2", "beam.s3_secret_access_key"),
        ("beam.s3_session_token=12345", "beam.s3_session_token"),
        ("beam.flink_master=http://ann:hunter2@flink:8081", "beam.flink_master"),
        (
            "kubeflow.tasks.variables={DB_PASSWORD: hunter2}",
            "kubeflow.tasks.variables.DB_PASSWORD",
        ),
        (
            "kubeflow.components={Trainer: {variables: {API_KEY: hunter2}}}",
            "kubeflow.components.Trainer.variables.API_KEY",
        ),
        ("examples.root=https://ann:hunter2@store/ads", "examples.root"),
    ],
)
def test_a_secret_is_not_compiled(packed, override, key):
    with pytest.raises(ConfigError) as caught:
        packed(override)
    message = str(caught.value)
    assert message.startswith(f"{key}: ")
    assert "kubeflow.tasks.secrets" in message
    assert "hunter2" not in message


def test_a_value_that_sounds_like_a_secret_is_compiled(packed):
    bundle = packed(
        "beam={runner: DataflowRunner, dataflow_kms_key: projects/p/keys/k, "
        "enable_hot_key_logging: true}",
        "kubeflow.metadata_secret={secret: metadata, key: url}",
        "kubeflow.tasks.secrets=[{secret: store, key: token, variable: TOKEN}]",
        "examples.root=hdfs://namenode:8020/ads@2026",
    )
    assert bundle.config.beam["dataflow_kms_key"] == "projects/p/keys/k"


@pytest.fixture
def packed(load):
    """A function from overrides of the configuration to what containers are told."""
    return lambda *overrides: Bundle.of(load(*overrides))


@pytest.mark.parametrize("compiler", [compile_pipeline, compile_decision])
@pytest.mark.parametrize(
    ("volumes", "claims"),
    [
        ("[{claim: a, path: /data}, {claim: b, path: /data/}]", "'a' and 'b'"),
        ("[{claim: a, path: /models}]", "'ctr-models' and 'a'"),
    ],
)
def test_two_volumes_at_one_path_are_rejected(
    tmp_path, load, compiler, volumes, claims
):
    output = tmp_path / "out.yaml"
    config = load(f"kubeflow.tasks.volumes={volumes}", data="/data")
    with pytest.raises(ConfigError, match=claims):
        compiler(config, output)
    assert not output.exists()
