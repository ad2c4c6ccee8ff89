"""Result of a component as a JSON file in the folder of its artifact."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

import pydantic
from tfx.dsl.io import fileio
from tfx.utils import io_utils

if TYPE_CHECKING:
    from typing_extensions import Self


class ArtifactFile(pydantic.BaseModel):
    """The content of a JSON file, to read without TFX.

    Attributes:
      FILE: Its name.
    """

    FILE: ClassVar[str]

    @classmethod
    def read(cls, folder: str) -> Self:
        """Reads the file in the folder of an artifact."""
        with fileio.open(os.path.join(folder, cls.FILE)) as file:
            return cls.model_validate_json(file.read())

    def write(self, folder: str) -> None:
        """Writes the file into the folder of an artifact."""
        path = os.path.join(folder, self.FILE)
        io_utils.write_string_file(path, self.as_json())

    def as_json(self) -> str:
        """The content, for people to read too."""
        return self.model_dump_json(indent=2)
