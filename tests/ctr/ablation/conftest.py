"""A run of the tiny problem, in which the device alone decides on a click."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

RUN_ID = "20250101T000000Z-abcdef"


@dataclass(frozen=True)
class Run:
    """A complete run, as `ctr run` leaves it.

    Attributes:
      problem: The tiny problem.
      work_dir: Its work directory.
      config: The file of its configuration.
      write_records: Writes files of examples.
    """

    problem: Any
    work_dir: Path
    config: Path
    write_records: Callable[[Path, Sequence[bytes]], None]

    @property
    def folder(self) -> Path:
        return self.work_dir / RUN_ID

    @property
    def options(self) -> list[str]:
        return ["-c", str(self.config), "--work-dir", str(self.work_dir)]

    @property
    def connection(self) -> Any:
        from pipeline.metadata import connection_config
        from pipeline.workdir import WorkDir

        return connection_config(self.problem.config, WorkDir(self.work_dir))

    def write_split(self, split: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Writes the examples of a split, clicked just where the device is a phone."""
        path = self.work_dir / "examples" / f"Split-{split}" / "part.gz"
        clicked = [
            {**row, "click": [float(row["device"] == ["phone"])]} for row in rows
        ]
        self.write_records(path, self.problem.as_examples(clicked))

    def add_training(self, run_id: str, **others: Any) -> None:
        """Records a Trainer as TFX does: with its inputs, and in its contexts.

        Args:
          run_id: The run it belongs to.
          **others: Further input artifacts.
        """
        from ml_metadata.proto import metadata_store_pb2
        from tfx.orchestration import metadata
        from tfx.orchestration.portable import execution_publish_utils
        from tfx.orchestration.portable.mlmd import context_lib

        contexts = {
            "pipeline": "tiny",
            "pipeline_run": run_id,
            "node": "tiny.Trainer",
        }
        with metadata.Metadata(self.connection) as handle:
            registered = [
                context_lib.register_context_if_not_exists(handle, kind, name)
                for kind, name in contexts.items()
            ]
            execution = execution_publish_utils.register_execution(
                handle,
                metadata_store_pb2.ExecutionType(
                    name="tfx.components.trainer.component.Trainer"
                ),
                registered,
                {**self.inputs(), **others},
                {"custom_config": self._custom_config()},
            )
            execution_publish_utils.publish_succeeded_execution(
                handle, execution.id, registered
            )

    def _custom_config(self) -> str:
        part = self.problem.part.model_dump_json()
        return json.dumps({"part": part, "code": "0123456789abcdef"})

    def inputs(self) -> dict[str, Any]:
        from tfx.types import standard_artifacts

        examples = standard_artifacts.Examples()
        examples.uri = str(self.work_dir / "examples")
        examples.split_names = '["train", "eval"]'
        graph = standard_artifacts.TransformGraph()
        graph.uri = str(self.problem.schema.parent / "graph")
        return {"examples": [examples], "transform_graph": [graph]}


def _write_report(folder: Path) -> None:
    from components.evaluation_report.content import Data, Lineage, Report
    from components.evaluation_report.executor import write_report
    from components.evaluator.record import Evaluation
    from trainer.export.record import TrainingRecord

    report = Report(
        name="tiny",
        run_id=RUN_ID,
        made="2025-01-01T00:10:00+00:00",
        model="wide_deep",
        evaluation=Evaluation(
            gates=[],
            candidate={"overall": {"auc": 0.99, "log_loss": 0.1, "examples": 150.0}},
        ),
        training=TrainingRecord(
            epochs=2,
            best_epoch=1,
            validation_auc=0.99,
            validation_log_loss=0.1,
            examples_per_second=1000.0,
        ),
        data=Data(
            examples={"train": 250, "eval": 150},
            features=(),
            anomalies=(),
            distances=(),
        ),
        lineage=Lineage(
            sources=(),
            schema_text="",
            schema_origin="inferred",
            config={"examples": {"root": "."}, "evaluation": {"slices": []}},
            baseline=None,
            code={},
            packages={},
            seeds={},
        ),
    )
    write_report(report, str(folder))


def _write_summary(folder: Path) -> None:
    from pipeline.run.summary import SUMMARY_FILE, Summary

    summary = Summary(run_id=RUN_ID, verdict="awaiting_approval", reasons=[])
    (folder / SUMMARY_FILE).write_text(summary.model_dump_json())


@pytest.fixture
def run(tiny, tmp_path, write_records):
    """A run that trained on 250 examples and is measured on 150."""
    run = Run(tiny, tmp_path / "work", tmp_path / "pipeline.yaml", write_records)
    settings = tiny.config.model_dump(mode="json", exclude_none=True)
    run.config.write_text(yaml.safe_dump(settings))
    run.folder.mkdir(parents=True)
    (run.work_dir / "latest").symlink_to(RUN_ID)
    run.write_split("train", tiny.rows[:250])
    run.write_split("eval", tiny.rows[250:])
    _write_summary(run.folder)
    _write_report(run.folder)
    run.add_training(RUN_ID)
    return run


@pytest.fixture
def trained(run):
    from ctr.ablation.training_inputs import find_trained

    return find_trained(run.problem.config, run.connection, run.folder.name)
