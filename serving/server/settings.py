"""Settings of the embedded server, without an import of TensorFlow."""

from __future__ import annotations

import sys

import pydantic

from config.serving import Serving


class Settings(pydantic.BaseModel):
    """Settings of a server process.

    Attributes:
      model: Name of the model.
      base_path: Directory of its versions.
      request_log_dir: Default folder of the request log.
      load_retries: Number of retries after a version failed to load.
    """

    model_config = pydantic.ConfigDict(frozen=True)

    model: str
    base_path: str
    request_log_dir: str
    load_retries: int = 5
    serving: Serving

    def command(self) -> list[str]:
        """Returns the command line that starts the server."""
        return [sys.executable, "-m", "serving.server", self.model_dump_json()]
