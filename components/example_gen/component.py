"""ExampleGen: files of examples into splits of tf.Examples."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types.standard_artifacts import Examples

from components.example_gen.driver import ExampleGenDriver
from components.example_gen.executor import ExampleGenExecutor
from components.shared.component import Component
from config.parts import ExampleGenPart
from config.spans import Spans


class ExampleGen(Component):
    """Reads CSV, Parquet or TFRecord through Arrow.

    The driver fingerprints the files, so changed data is read anew and unchanged
    data is served from the cache. TFX's own Parquet reader is not used since it turns
    falsy values, label 0 among them, into missing ones; its CSV reader works row by
    row.
    """

    OUTPUTS = {"examples": Examples}
    PARAMETERS = {
        # Of TFX's file-based driver.
        "input_base": str,
        "input_config": example_gen_pb2.Input,
        "part": str,  # ExampleGenPart
        "code": str,
    }
    OPTIONAL_PARAMETERS = {"range_config": range_config_pb2.RangeConfig, "spans": str}
    EXECUTOR_SPEC = BeamExecutorSpec(ExampleGenExecutor)
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
          part: Columns, label and formats.
          code: Fingerprint of the code that reads them.
          spans: The files to read, where they are in spans; the patterns match all
            spans then.
        """
        splits = [
            example_gen_pb2.Input.Split(name=name, pattern=pattern)
            for name, pattern in patterns.items()
        ]
        super().__init__(
            input_base=root,
            input_config=example_gen_pb2.Input(splits=splits),
            spans=spans,
            part=part,
            code=code,
        )
