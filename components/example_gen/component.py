"""ExampleGen: files of examples into splits of tf.Examples.

Its driver finds the files before the lookup in the cache.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from tfx.components.example_gen import driver, utils
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.orchestration import data_types
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types.standard_artifacts import Examples

from components.example_gen.executor import ExampleGenExecutor, paths_by_split
from components.example_gen.spans import (
    WINDOW,
    files_of,
    find_window,
    fingerprint,
    span_number,
)
from components.shared.component import Component
from config.parts import ExampleGenPart
from config.spans import Spans

_log = logging.getLogger(__name__)


class ExampleGenDriver(driver.FileBasedDriver):
    """Finds the spans of a run, where the examples are in spans.

    TFX's own driver takes one span for each run.
    """

    def resolve_exec_properties(
        self,
        exec_properties: dict[str, Any],
        pipeline_info: data_types.PipelineInfo,
        component_info: data_types.ComponentInfo,
    ) -> dict[str, Any]:
        """Adds the spans, and the fingerprint of their files, to the cache key.

        Raises:
          InputError: The newest span does not exist, or none to train on does.
        """
        if not exec_properties.get("spans"):
            resolved: dict[str, Any] = super().resolve_exec_properties(
                exec_properties, pipeline_info, component_info
            )
            # TFX's own has no names, and those of folders may hold values.
            return resolved | _fingerprint(paths_by_split(resolved))
        spans = Spans.model_validate_json(exec_properties["spans"])
        window, files = find_window(exec_properties["input_base"], spans)
        _log.info("%s", window.in_words())
        # The same key whether the newest span was named or found.
        named = {"newest": window.newest}
        return {
            **exec_properties,
            "spans": spans.model_copy(update=named).model_dump_json(),
            WINDOW: window.model_dump_json(),
            utils.SPAN_PROPERTY_NAME: span_number(window.newest),
            utils.VERSION_PROPERTY_NAME: None,
            **_fingerprint(
                (split, files_of(files, names))
                for split, names in window.splits.items()
            ),
        }


def _fingerprint(splits: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    lines = [fingerprint(split, paths) for split, paths in splits]
    return {utils.FINGERPRINT_PROPERTY_NAME: "\n".join(lines)}


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
    OPTIONAL_PARAMETERS = {
        "range_config": range_config_pb2.RangeConfig,
        "spans": str,
        "cache": str,  # See `cache_beside`.
    }
    EXECUTOR_SPEC = BeamExecutorSpec(ExampleGenExecutor)
    DRIVER_CLASS = ExampleGenDriver

    def __init__(
        self,
        root: str,
        patterns: dict[str, str],
        part: ExampleGenPart,
        code: str,
        spans: Spans | None = None,
        cache: str | None = None,
    ):
        """Builds the node.

        Args:
          patterns: For each split the glob of its files below the root; one entry where
            rows are split. With spans they match all of these.
          code: Fingerprint of the code that reads the files.
          spans: The spans to read, where the files are in spans.
          cache: Path from the root of the artifacts to the folder in which shards are
            recorded for later runs; None for none.
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
            cache=cache,
        )
