"""The work directory: everything that a pipeline leaves on this machine."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from config.errors import WorkDirError

if TYPE_CHECKING:
    from config.root import Config

# In the folder of each run: what TFX, Beam and TensorFlow had to say.
LOG_FILE = "run.log"


class WorkDir:
    """`runs/<name>/`, or what `--work-dir` names. Deleting it resets everything."""

    def __init__(self, path: Path):
        """Refers to a directory; `lock` makes it where it is missing."""
        self.path = path.absolute()

    @property
    def artifacts(self) -> Path:
        """Folder of TFX's artifacts."""
        return self.path / "artifacts"

    @property
    def cache(self) -> Path:
        """What components keep of each file of examples, for later runs."""
        return self.path / "cache"

    @property
    def metadata(self) -> Path:
        """The SQLite file of ML Metadata."""
        return self.path / "metadata.sqlite"

    @property
    def latest(self) -> Path:
        """A link to the folder of the last complete run."""
        return self.path / "latest"

    def models(self, name: str) -> Path:
        """The versions of a servable."""
        return self.path / "models" / name

    def model_dir(self, config: Config) -> str:
        """Folder of released models: here, unless `release.model_dir` is set."""
        return config.release.model_dir or str(self.models(config.name))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Makes this process the only writer.

        The operating system gives the lock back however the process ends.

        Raises:
          WorkDirError: Another run has it, or the directory cannot be written.
        """
        lock = self._acquire()
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise disk_full(self.path) from error
            raise
        finally:
            lock.release()

    def _acquire(self) -> filelock.BaseFileLock:
        lock = filelock.FileLock(self.path / ".lock", timeout=0)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout as error:
            raise WorkDirError(
                f"{self.path}: another run is using this work directory; wait until it "
                "has ended"
            ) from error
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise disk_full(self.path) from error
            raise WorkDirError(
                f"{self.path}: cannot be written ({error.strerror}); choose another by "
                "--work-dir"
            ) from error
        return lock

    def new_run(self) -> Path:
        """Makes the folder of a new run, named by its id."""
        started = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        folder = self.path / f"{started}-{uuid.uuid4().hex[:6]}"
        folder.mkdir()
        return folder

    def publish(self, run: Path) -> None:
        """Swaps `latest` to the folder of a complete run, atomically."""
        link = self.path / f".latest-{uuid.uuid4().hex}"
        link.symlink_to(run.name)
        os.replace(link, self.latest)


def disk_full(path: Path) -> WorkDirError:
    """The error of a disk without space."""
    return WorkDirError(f"{path}: the disk is full; free some space and run again")
