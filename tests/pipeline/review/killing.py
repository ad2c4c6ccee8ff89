"""Kills a release, an approval or a roll back before each thing that it does to files.

`python killing.py COMMAND FOLDER` kills the command before its first operation on a
file or on metadata, then looks at what is left, repeats the command and looks again;
then all that anew with the second operation, and so on to the last. It prints a line
of JSON for each, and one for the command when nothing kills it.

A process of its own, since it forks, as none with TensorFlow's threads should.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ml_metadata.metadata_store import metadata_store

from serving.releases.records import ReleaseRecord
from serving.releases.writer import release_model, remove_old_versions

Pipeline = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["Pipeline"]

KEEP = 2


def release(pipeline: Any) -> None:
    """What the Pusher does."""
    uri = pipeline.model("r4")
    record = ReleaseRecord(
        status="released", run="r4", digest=pipeline.digest("r4"), model_uri=uri
    )
    release_model(f"{uri}/Format-Serving", str(pipeline.model_dir), record)
    remove_old_versions(str(pipeline.model_dir), KEEP)


def approve(pipeline: Any) -> None:
    pipeline.review(KEEP).approve("r4", by="Ann", note="")


def rollback(pipeline: Any) -> None:
    pipeline.review(KEEP).roll_back(by="Ann", note="")


COMMANDS = {each.__name__: each for each in (release, approve, rollback)}


def prepare(folder: Path) -> Any:
    """Three released versions and a candidate."""
    folder.mkdir()
    pipeline = Pipeline(folder)
    for run in ("r1", "r2", "r3"):
        pipeline.run(run)
        pipeline.review(KEEP).approve(run, by="Ann", note="")
    pipeline.run("r4")
    return pipeline


def look(pipeline: Any) -> dict[str, Any]:
    """All that a server and a person find."""
    return {
        "versions": {
            path.name: {
                str(file.relative_to(path)): file.read_text()
                for file in path.rglob("*")
                if file.is_file()
            }
            for path in pipeline.model_dir.iterdir()
            if path.name.isdigit()
        },
        "others": [
            p.name for p in pipeline.model_dir.iterdir() if not p.name.isdigit()
        ],
        "records": [
            [record.status, record.run, record.withdraws == pipeline.digest("r3")]
            for record in pipeline.store().history().records
        ],
    }


def in_child(work: Callable[[], Any], answer: Path) -> tuple[bool, Any]:
    """Whether a child was killed, and else what it had to say."""
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            answer.write_text(json.dumps(work()))
            status = 0
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        assert os.WTERMSIG(ended) == signal.SIGKILL
        return True, None
    assert ended == 0, "the child failed; its traceback is on stderr"
    return False, json.loads(answer.read_text())


def kill_before(
    number: int, folder: Path, operation: Callable[[Any], None], pipeline: Any
) -> None:
    """Ends this process when the operation is to do something for the nth time."""
    done = 0

    def count(event: str, args: tuple[object, ...]) -> None:
        nonlocal done
        if not event.startswith(("open", "os.", "shutil.", "metadata")):
            return
        if any(str(folder) in str(arg) for arg in args):
            done += 1
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)

    call = metadata_store.MetadataStore._call

    def audited(*args: Any, **options: Any) -> Any:
        sys.audit("metadata.before", str(folder))
        result = call(*args, **options)
        sys.audit("metadata.after", str(folder))
        return result

    metadata_store.MetadataStore._call = audited
    sys.addaudithook(count)
    operation(pipeline)


def main(command: str, folder: Path) -> None:
    """Prints what becomes of a command that is killed."""
    operation = COMMANDS[command]
    state, template, answer = (folder / n for n in ("state", "template", "answer"))
    pipeline = prepare(state)
    shutil.copytree(state, template)
    before = look(pipeline)
    number, killed = 0, True
    while killed:
        number += 1
        shutil.rmtree(state)
        shutil.copytree(template, state)
        killed, _ = in_child(
            partial(kill_before, number, folder, operation, pipeline), answer
        )
        _, left = in_child(lambda: look(pipeline), answer)
        if killed and left["records"] == before["records"]:
            in_child(lambda: operation(pipeline), answer)
        _, finished = in_child(lambda: look(pipeline), answer)
        print(json.dumps({"killed": killed, "left": left, "finished": finished}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
