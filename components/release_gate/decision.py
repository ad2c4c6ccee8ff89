"""What is to become of a candidate, and why."""

from __future__ import annotations

from components.artifact_file import ArtifactFile
from components.release_records import ReleaseRecord, Status
from pipeline.config.base import Block
from pipeline.config.release import Approval
from pipeline.config.spans import is_earlier


class Decision(Block, ArtifactFile):
    """What the Pusher is told.

    Attributes:
      status: `released` where the Pusher is to release the candidate, or to repeat
        its release.
      reason: Why, in words.
      is_by_person: Whether a person decided, in an earlier run or since.
      span: The newest span that the candidate has seen; empty where there are none.
      released_as: The version that has this very model already, where it is blocked all
        the same; else 0.
      takes_rollback: Whether the released model has seen newer ones, so that a person
        who releases this one has to say `--rollback`.
      report: URI of the report that it is decided on.
      report_digest: SHA-256 of its page.
    """

    FILE = "decision.json"

    status: Status
    reason: str
    is_by_person: bool = False
    span: str = ""
    released_as: int = 0
    takes_rollback: bool = False
    report: str = ""
    report_digest: str = ""


def decide(
    model_uri: str,
    objection: str | None,
    approval: Approval,
    standing: ReleaseRecord | None,
    older: str | None = None,
) -> Decision:
    """Decides on a candidate.

    A person who released this very model in spite of a gate need not do so again.

    Args:
      model_uri: URI of its Model artifact.
      objection: Why it must not be released; None where it passed all gates.
      approval: Who approves what passed.
      standing: What holds for the model already: see `ReleaseHistory.standing`.
      older: That the released model has seen newer spans, if so: see `why_older`.
    """
    holds = standing is not None and standing.releases(model_uri)
    release = standing if holds else None
    if objection is not None and not (release is not None and release.override):
        version = 0 if release is None else release.version
        return Decision(status="blocked", reason=objection, released_as=version)
    if standing is not None:
        said = standing.in_words(model_uri) if standing.by else "released already"
        return Decision(
            status="rejected" if release is None else "released",
            reason=said,
            is_by_person=bool(standing.by),
        )
    if older is not None:
        return Decision(status="awaiting_approval", reason=older)
    status: Status = "released" if approval == "automatic" else "awaiting_approval"
    return Decision(status=status, reason=f"release.approval is {approval}")


def why_older(span: str, last: ReleaseRecord | None) -> str | None:
    """Says that the released model has seen newer spans than a candidate.

    Args:
      span: The newest span that the candidate has seen.
      last: The release in force, if there is one.

    Returns:
      Both spans and what to do, in one line; None where it has not.
    """
    if last is None or not is_earlier(span, last.span):
        return None
    return (
        f"this run is of {span}, the released model is of {last.span}; it is released "
        "only by approving it with --rollback"
    )
