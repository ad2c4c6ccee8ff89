"""The DAG: the only place where components are wired."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.components import StatisticsGen, Trainer, Transform, Tuner
from tfx.dsl.components.base import base_node
from tfx.dsl.components.common import resolver
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.metadata import ConnectionConfigType
from tfx.proto import trainer_pb2
from tfx.types import standard_artifacts

from components.evaluation_report.component import EvaluationReport
from components.evaluation_report.part import EvaluationReportPart
from components.evaluation_report.render import templates_digest
from components.evaluator.component import Evaluator
from components.example_gen.component import ExampleGen
from components.example_gen.files import input_patterns
from components.example_validator.component import ExampleValidator
from components.infra_validator.component import InfraValidator
from components.pusher.component import Pusher
from components.release_gate.component import ReleaseGate
from components.resolvers.previous_statistics import PreviousStatisticsStrategy
from components.resolvers.releases import LastReleaseStrategy, StandingDecisionStrategy
from components.schema_gen.component import CuratedSchemaGen, InferredSchemaGen
from components.shared.artifacts import Release
from components.statistics_gen.component import LocalStatisticsGen
from components.transform.component import LocalTransform
from config.beam import has_own_workers
from config.parts import (
    EvaluatorPart,
    ExampleGenPart,
    ExampleValidatorPart,
    InfraValidatorPart,
    TrainerPart,
    TransformPart,
    TunerPart,
)
from config.root import Config
from config.training import LAST_RELEASE
from config.tuning import Tuning
from pipeline.beam import beam_args
from pipeline.fingerprint import code_fingerprint
from trainer.warm_start.files import pinned

Nodes = list[base_node.BaseNode]
Channels = dict[str, types.BaseChannel[types.Artifact]]

_PREPROCESSING = "transform.preprocessing.preprocessing_fn"
# It imports preprocessing_fn.
_TRANSFORM = "components.transform.executor"
_TRAINER = "trainer.fit.run"
_TUNER = "trainer.fit.tuner"
# In a process of its own, so no module imports it.
_SERVER = "serving.server.server"


def create_pipeline(
    config: Config,
    root: str,
    model_dir: str,
    metadata: ConnectionConfigType | None = None,
    can_see_artifacts: bool = True,
    cache: str | None = None,
) -> tfx_pipeline.Pipeline:
    """Builds the DAG of a configuration.

    Args:
      config: The configuration.
      root: Folder of the artifacts.
      model_dir: Folder of released models.
      metadata: Connection to ML Metadata; None for a DAG that is only looked at.
      can_see_artifacts: True if files of earlier runs are where ML Metadata says, for
        all components; not so where artifacts are copied in and out of each task.
      cache: Path from `root` to the folder of what components keep of each file for
        later runs; None for none. It is of this machine, so not used where Beam has
        workers of its own.

    Returns:
      The pipeline, for any runner of TFX.
    """
    if has_own_workers(config.beam):
        cache = None
    example_gen = _example_gen(config, cache)
    statistics_gen = _statistics_gen(config, example_gen, "StatisticsGen", cache)
    schema_gen = _schema_gen(config, statistics_gen)
    references, reference_channels = _reference_statistics(
        config, statistics_gen, cache
    )
    validator = ExampleValidator(
        statistics=statistics_gen.outputs["statistics"],
        schema=schema_gen.outputs["schema"],
        part=ExampleValidatorPart.of(config),
        code=code_fingerprint("components.example_validator.executor"),
        **reference_channels,
    )
    transform = _transform(config, example_gen, schema_gen, cache)
    transform.add_upstream_node(validator)
    tuners = _tuners(config, example_gen, transform)
    baseline = _last_release(config, example_gen, transform, can_see_artifacts)
    trainer = _trainer(config, example_gen, transform, schema_gen, tuners, baseline)
    evaluator = Evaluator(
        examples=example_gen.outputs["examples"],
        schema=schema_gen.outputs["schema"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        part=EvaluatorPart.of(config),
        code=code_fingerprint("components.evaluator.executor"),
    )
    infra_validators, infra_channel = _infra_validation(config, example_gen, trainer)
    report = EvaluationReport(
        examples=example_gen.outputs["examples"],
        statistics=statistics_gen.outputs["statistics"],
        schema=schema_gen.outputs["schema"],
        model=trainer.outputs["model"],
        model_run=trainer.outputs["model_run"],
        evaluation=evaluator.outputs["evaluation"],
        baseline_release=baseline.outputs["release"],
        part=EvaluationReportPart.of(config),
        codes=component_codes(),
        code=code_fingerprint("components.evaluation_report.executor"),
        templates=templates_digest(),
        **infra_channel,
        **reference_channels,
    )
    standing = _standing_decision(trainer)
    # A person may decide while the run is under way: look as late as can be.
    standing.add_upstream_node(report)
    gate = ReleaseGate(
        examples=example_gen.outputs["examples"],
        blessing=evaluator.outputs["blessing"],
        refusal=standing.outputs["refusal"],
        release=standing.outputs["release"],
        last=standing.outputs["last"],
        approval=config.release.approval,
        **infra_channel,
    )
    pusher = Pusher(
        model=trainer.outputs["model"],
        decision=gate.outputs["decision"],
        transform_graph=transform.outputs["transform_graph"],
        report=report.outputs["report"],
        model_dir=model_dir,
        keep=config.release.keep,
        trainer=_trainer_key(config),
        **infra_channel,
    )
    return tfx_pipeline.Pipeline(
        pipeline_name=config.name,
        pipeline_root=root,
        components=[
            example_gen,
            statistics_gen,
            schema_gen,
            *references,
            validator,
            transform,
            baseline,
            *tuners,
            trainer,
            evaluator,
            *infra_validators,
            report,
            standing,
            gate,
            pusher,
        ],
        metadata_connection_config=metadata,
        beam_pipeline_args=beam_args(config.beam),
        enable_cache=True,
    )


def component_codes() -> dict[str, str]:
    """Fingerprints of the code that produces a model and its evaluation."""
    modules = {
        "ExampleGen": "components.example_gen.executor",
        "Transform": _TRANSFORM,
        "Trainer": _TRAINER,
        "Evaluator": "components.evaluator.executor",
    }
    return {name: code_fingerprint(module) for name, module in modules.items()}


def _example_gen(config: Config, cache: str | None) -> ExampleGen:
    return ExampleGen(
        root=config.examples.root,
        patterns=input_patterns(config.examples),
        part=ExampleGenPart.of(config),
        code=code_fingerprint("components.example_gen.executor"),
        spans=config.examples.spans,
        cache=cache,
    )


def _statistics_gen(
    config: Config, example_gen: ExampleGen, name: str, cache: str | None
) -> base_node.BaseNode:
    """TFX's StatisticsGen where Beam has workers of its own."""
    examples = example_gen.outputs["examples"]
    if has_own_workers(config.beam):
        statistics_gen: base_node.BaseNode = StatisticsGen(examples=examples)
    else:
        statistics_gen = LocalStatisticsGen(
            examples=examples,
            code=code_fingerprint("components.statistics_gen.executor"),
            cache=cache,
        )
    return statistics_gen.with_id(name)


def _schema_gen(
    config: Config, statistics_gen: base_node.BaseNode
) -> base_node.BaseNode:
    """A curated schema where there is one, else one inferred from training examples."""
    if config.validation.schema_file is not None:
        schema_gen: base_node.BaseNode = CuratedSchemaGen(config.validation.schema_file)
    else:
        schema_gen = InferredSchemaGen(
            statistics=statistics_gen.outputs["statistics"],
            code=code_fingerprint("components.schema_gen.executor"),
        )
    return schema_gen.with_id("SchemaGen")


def _reference_statistics(
    config: Config, statistics_gen: base_node.BaseNode, cache: str | None
) -> tuple[Nodes, Channels]:
    """Resolves the statistics to compare with: the run before, and serving."""
    nodes: Nodes = []
    channels: Channels = {}
    if config.validation.drift:
        previous = resolver.Resolver(
            strategy_class=PreviousStatisticsStrategy,
            current=statistics_gen.outputs["statistics"],
            previous=types.Channel(type=standard_artifacts.ExampleStatistics),
            anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
        ).with_id("PreviousStatistics")
        nodes.append(previous)
        channels["previous_statistics"] = previous.outputs["previous"]
    if config.validation.skew is not None:
        serving = ExampleGen(
            root=config.examples.root,
            patterns={"serving": config.validation.skew.pattern},
            part=ExampleGenPart.of_serving_examples(config),
            code=code_fingerprint("components.example_gen.executor"),
            cache=cache,
        ).with_id("ServingExampleGen")
        statistics = _statistics_gen(config, serving, "ServingStatisticsGen", cache)
        nodes += [serving, statistics]
        channels["serving_statistics"] = statistics.outputs["statistics"]
    return nodes, channels


def _transform(
    config: Config,
    example_gen: ExampleGen,
    schema_gen: base_node.BaseNode,
    cache: str | None,
) -> LocalTransform | Transform:
    if not has_own_workers(config.beam):
        return LocalTransform(
            examples=example_gen.outputs["examples"],
            schema=schema_gen.outputs["schema"],
            part=TransformPart.of(config),
            code=code_fingerprint(_TRANSFORM),
            cache=cache,
        ).with_id("Transform")
    return Transform(
        examples=example_gen.outputs["examples"],
        schema=schema_gen.outputs["schema"],
        preprocessing_fn=_PREPROCESSING,
        # Statistics before and after cost half of Transform's time; StatisticsGen has
        # computed the former already.
        disable_statistics=True,
        # Nothing reads it, and writing it costs a third of the time.
        disable_analyzer_cache=True,
        # The Trainer transforms examples as it reads them.
        materialize=False,
        custom_config={
            "part": TransformPart.of(config).model_dump_json(),
            "code": code_fingerprint(_TRANSFORM),
        },
    )


def _tuners(
    config: Config, example_gen: ExampleGen, transform: base_node.BaseNode
) -> list[Tuner]:
    """Builds the Tuner, if one is configured."""
    if config.tuning is None:
        return []
    tuner = Tuner(
        tuner_fn=f"{_TUNER}.tuner_fn",
        examples=example_gen.outputs["examples"],
        transform_graph=transform.outputs["transform_graph"],
        custom_config=_tuner_config(config, config.tuning),
    )
    return [tuner]


def _tuner_config(config: Config, tuning: Tuning) -> dict[str, Any]:
    return {
        "part": TunerPart.of(config, tuning).model_dump_json(),
        "code": code_fingerprint(_TUNER),
    }


def _trainer(
    config: Config,
    example_gen: ExampleGen,
    transform: base_node.BaseNode,
    schema_gen: base_node.BaseNode,
    tuners: list[Tuner],
    last_release: resolver.Resolver,
) -> Trainer:
    best = tuners[0].outputs["best_hyperparameters"] if tuners else None
    start = config.training.warm_start
    from_release = start is not None and start.model == LAST_RELEASE
    return Trainer(
        run_fn=f"{_TRAINER}.run_fn",
        examples=example_gen.outputs["examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema_gen.outputs["schema"],
        hyperparameters=best,
        base_model=last_release.outputs["model"] if from_release else None,
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config=_trainer_config(config),
    )


def _trainer_config(config: Config) -> dict[str, Any]:
    return {
        "part": TrainerPart.of(config).model_dump_json(),
        "code": code_fingerprint(_TRAINER),
        **pinned(config.training.warm_start),
    }


def _infra_validation(
    config: Config, example_gen: ExampleGen, trainer: Trainer
) -> tuple[Nodes, Channels]:
    """Builds the InfraValidator, if it is configured."""
    if config.infra_validation is None:
        return [], {}
    codes = ("components.infra_validator.executor", _SERVER)
    validator = InfraValidator(
        model=trainer.outputs["model"],
        examples=example_gen.outputs["examples"],
        part=InfraValidatorPart.of(config, config.infra_validation),
        code=":".join(map(code_fingerprint, codes)),
    )
    return [validator], {"infra_blessing": validator.outputs["infra_blessing"]}


def _trainer_key(config: Config) -> str:
    """Names what, besides the examples and their transform, decides on the model."""
    deciding = [_trainer_config(config)]
    if config.tuning is not None:
        deciding.append(_tuner_config(config, config.tuning))
    return ":".join(value for each in deciding for value in each.values())


def _last_release(
    config: Config,
    example_gen: ExampleGen,
    transform: base_node.BaseNode,
    can_see_artifacts: bool,
) -> resolver.Resolver:
    return resolver.Resolver(
        strategy_class=LastReleaseStrategy,
        config={
            "trainer": _trainer_key(config),
            "can_see_artifacts": can_see_artifacts,
        },
        examples=example_gen.outputs["examples"],
        transform_graph=transform.outputs["transform_graph"],
        model=types.Channel(type=standard_artifacts.Model),
        release=types.Channel(type=Release),
    ).with_id("LastRelease")


def _standing_decision(trainer: Trainer) -> resolver.Resolver:
    return resolver.Resolver(
        strategy_class=StandingDecisionStrategy,
        model=trainer.outputs["model"],
        refusal=types.Channel(type=Release),
        release=types.Channel(type=Release),
        last=types.Channel(type=Release),
    ).with_id("StandingDecision")
