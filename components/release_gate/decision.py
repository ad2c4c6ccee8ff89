"""The decision on a candidate, and the reason."""

from __future__ import annotations

from components.shared.artifact_file import ArtifactFile
from config.base import Block
from config.release import Approval
from config.spans import is_earlier
from serving.releases.records import ReleaseRecord, Status


class Decision(Block, ArtifactFile):
    """The decision that the Pusher carries out.

    Attributes:
      status: `released` if the Pusher is to release the candidate, or to repeat its
        release.
      reason: The reason, in words.
      is_by_person: True if a person decided, in an earlier run or since.
      override: True if the release that is repeated overruled a gate or a person.
      span: Newest span of the candidate's examples; empty where there are none.
      released_as: The version that has this very model already although it is blocked;
        else 0.
      takes_rollback: True if the last released model is of a newer span, so that
        approving this one takes `--rollback`.
    """

    FILE = "decision.json"

    status: Status
    reason: str
    is_by_person: bool = False
    override: bool = False
    span: str = ""
    released_as: int = 0
    takes_rollback: bool = False


def decide(
    objection: str | None,
    approval: Approval,
    refusal: ReleaseRecord | None = None,
    release: ReleaseRecord | None = None,
    older: str | None = None,
) -> Decision:
    """Decides on a candidate.

    A person who released this very model in spite of a gate need not do so again.

    Args:
      objection: The gate that failed; None if the candidate passed all.
      refusal: The record by which a person refused the model, if one does.
      release: The record by which the model is the last released, if it is.
      older: See `why_older`.
    """
    if objection is not None and not (release and release.override):
        version = 0 if release is None else release.version
        return Decision(status="blocked", reason=objection, released_as=version)
    if refusal is not None:
        # It may be the withdrawal of this model, or the rejection of it.
        verb = "rolled back" if refusal.withdraws else "rejected"
        return Decision(
            status="rejected", reason=refusal.in_words(verb), is_by_person=True
        )
    if release is not None:
        verb = "restored" if release.withdraws else "approved"
        return Decision(
            status="released",
            reason=release.in_words(verb) if release.by else "released already",
            is_by_person=bool(release.by),
            override=release.override,
        )
    if older is not None:
        return Decision(status="awaiting_approval", reason=older)
    status: Status = "released" if approval == "automatic" else "awaiting_approval"
    return Decision(status=status, reason=f"release.approval is {approval}")


def why_older(span: str, last: ReleaseRecord | None) -> str | None:
    """Returns why a candidate is older than the last release; None if it is not."""
    if last is None or not is_earlier(span, last.span):
        return None
    return (
        f"this run is of {span}, the released model is of {last.span}; it is released "
        "only by approving it with --rollback"
    )
