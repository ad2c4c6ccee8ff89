"""Driver of ExampleGen: finds the files before the lookup in the cache."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from tfx.components.example_gen import driver, utils
from tfx.orchestration import data_types

from components.example_gen.executor import paths_by_split
from components.example_gen.spans import (
    WINDOW,
    files_of,
    find_window,
    fingerprint,
    span_name,
)
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
        _log.info("%s", window.named().in_words())
        # The same key whether the newest span was named or found.
        named = {"newest": span_name(window.newest, spans.pattern)}
        return {
            **exec_properties,
            "spans": spans.model_copy(update=named).model_dump_json(),
            WINDOW: window.model_dump_json(),
            utils.SPAN_PROPERTY_NAME: window.newest,
            utils.VERSION_PROPERTY_NAME: None,
            **_fingerprint(
                (split, files_of(files, numbers))
                for split, numbers in window.splits.items()
            ),
        }


def _fingerprint(splits: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    lines = [fingerprint(split, paths) for split, paths in splits]
    return {utils.FINGERPRINT_PROPERTY_NAME: "\n".join(lines)}
