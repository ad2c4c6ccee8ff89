"""The configuration as it is passed to containers, with the files it refers to."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

from config.base import Block
from config.errors import ConfigError
from config.metadata import Metadata
from config.root import Config
from config.secrets import secrets_in


class Bundle(Block):
    """The configuration and the files it refers to.

    Attributes:
      config: The configuration without the block `metadata`, which may have a password.
      curated_schema: Content of `validation.schema_file`, which the image lacks.
    """

    config: Config
    curated_schema: str | None = None

    @classmethod
    def of(cls, config: Config) -> Bundle:
        """Packs a configuration.

        Raises:
          ConfigError: It has a secret, or `validation.schema_file` cannot be read.
        """
        config = config.model_copy(update={"metadata": Metadata()})
        _check_public(config)
        path = config.validation.schema_file
        if path is None:
            return cls(config=config)
        try:
            return cls(config=config, curated_schema=Path(path).read_text())
        except OSError as error:
            raise ConfigError(
                f"validation.schema_file: {path}: cannot be read ({error.strerror})"
            ) from error

    def encode(self) -> str:
        """Returns the bundle as compressed JSON in base64: each task has a copy."""
        text = zlib.compress(self.model_dump_json().encode(), level=9)
        return base64.b64encode(text).decode()

    @classmethod
    def decode(cls, text: str) -> Bundle:
        """Returns the bundle of an `encode`d text."""
        return cls.model_validate_json(zlib.decompress(base64.b64decode(text)))

    def unpack(self, folder: Path) -> Config:
        """Writes the files to a folder, and returns the configuration."""
        if self.curated_schema is None:
            return self.config
        path = folder / "schema.pbtxt"
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(self.curated_schema)
        validation = self.config.validation.model_copy(
            update={"schema_file": str(path)}
        )
        return self.config.model_copy(update={"validation": validation})


def _check_public(config: Config) -> None:
    for path in secrets_in(config.model_dump(mode="json")):
        raise ConfigError(
            f"{'.'.join(path)}: the secret would be readable in the compiled pipeline; "
            "remove it, and pass it to tasks as an environment variable from a "
            "Kubernetes secret: kubeflow.tasks.secrets"
        )
