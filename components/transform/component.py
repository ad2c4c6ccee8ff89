"""Transform: the graph that turns raw features into ids and numbers."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, Schema, TransformGraph

from components.shared.component import Component
from components.transform.executor import TransformExecutor


class LocalTransform(Component):
    """Does on one machine what TFX's Transform does on the workers of Beam.

    On one machine Beam's stages take many times as long as the work in them.
    """

    INPUTS = {"examples": Examples, "schema": Schema}
    OUTPUTS = {"transform_graph": TransformGraph}
    # TransformPart; the code includes that of `preprocessing_fn`.
    PARAMETERS = {"part": str, "code": str}
    OPTIONAL_PARAMETERS = {"cache": str}  # See `cache_beside`.
    EXECUTOR_SPEC = ExecutorClassSpec(TransformExecutor)
