"""ExampleGen: files of examples into splits of tf.Examples."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types import component_spec, standard_artifacts

from components.example_gen.driver import ExampleGenDriver
from components.example_gen.executor import ExampleGenExecutor
from config.parts import ExampleGenPart
from config.spans import Spans


class ExampleGenSpec(types.ComponentSpec):
    """The parameters are those that TFX's file-based driver reads, and our part."""

    INPUTS: dict[str, component_spec.ChannelParameter] = {}
    OUTPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples)
    }
    PARAMETERS = {
        "input_base": component_spec.ExecutionParameter(type=str),
        "input_config": component_spec.ExecutionParameter(type=example_gen_pb2.Input),
        "range_config": component_spec.ExecutionParameter(
            type=range_config_pb2.RangeConfig, optional=True
        ),
        "spans": component_spec.ExecutionParameter(type=str, optional=True),
        "part": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
    }


class ExampleGen(base_beam_component.BaseBeamComponent):
    """Reads CSV, Parquet or TFRecord through Arrow.

    The driver fingerprints the files, so changed data is read anew and unchanged
    data is served from the cache. TFX's own Parquet reader is not used since it turns
    falsy values, label 0 among them, into missing ones; its CSV reader works row by
    row.
    """

    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(ExampleGenExecutor)
    DRIVER_CLASS = ExampleGenDriver

    def __init__(
        self,
        root: str,
        patterns: dict[str, str],
        part: ExampleGenPart,
        code: str,
        spans: Spans | None = None,
    ):
        """Builds the node.

        Args:
          root: The folder of the files.
          patterns: For each split the glob of its files; with a hash split, one entry.
          part: What to read from the files.
          code: Fingerprint of the code that does it.
          spans: Which of the files are read, where they are in spans; the patterns
            name all of them then.
        """
        splits = [
            example_gen_pb2.Input.Split(name=name, pattern=pattern)
            for name, pattern in patterns.items()
        ]
        super().__init__(
            ExampleGenSpec(
                input_base=root,
                input_config=example_gen_pb2.Input(splits=splits),
                spans=None if spans is None else spans.model_dump_json(),
                part=part.model_dump_json(),
                code=code,
                examples=types.Channel(type=standard_artifacts.Examples),
            )
        )
