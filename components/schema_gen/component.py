"""SchemaGen: a schema inferred from the examples, or written by a person."""

from __future__ import annotations

import hashlib
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base import executor_spec
from tfx.types import standard_artifacts

from components.schema_gen.executor import InferredSchemaGenExecutor
from components.shared.component import Component
from config.errors import InputError


class InferredSchemaGen(Component):
    """Infers a schema from the training split, with ranges and values.

    TFX's SchemaGen infers no ranges, and allows codes to be any integer.
    """

    INPUTS = {"statistics": standard_artifacts.ExampleStatistics}
    OUTPUTS = {"schema": standard_artifacts.Schema}
    PARAMETERS = {"code": str}
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(InferredSchemaGenExecutor)


class CuratedSchemaGen(Component):
    """TFX's ImportSchemaGen, with the content of the file in the cache key.

    ImportSchemaGen is cached by the path alone, so an edited schema would be ignored.
    """

    OUTPUTS = {"schema": standard_artifacts.Schema}
    PARAMETERS = {"schema_file": str, "digest": str}
    EXECUTOR_SPEC = ImportSchemaGen.EXECUTOR_SPEC

    def __init__(self, schema_file: str):
        """Builds the node.

        Args:
          schema_file: Path of a schema as text proto.

        Raises:
          InputError: The file cannot be read, or is no schema.
        """
        super().__init__(schema_file=schema_file, digest=_digest(schema_file))


def _digest(schema_file: str) -> str:
    try:
        text = Path(schema_file).read_bytes()
        text_format.Parse(text, schema_pb2.Schema())
    except OSError as error:
        raise InputError(
            f"validation.schema_file: {schema_file}: cannot be read ({error.strerror})"
        ) from error
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise InputError(
            f"validation.schema_file: {schema_file}: not a schema as text proto: "
            f"{error}"
        ) from error
    return hashlib.sha256(text).hexdigest()
