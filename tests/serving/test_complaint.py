"""What is wrong is said when it begins, and not again and again."""

from __future__ import annotations

from serving.complaint import Complaint


def test_it_is_said_when_it_begins_changes_or_comes_back():
    said = []
    complaint = Complaint(said.append)
    for words in ("away", "away", "full", "away"):
        complaint.say(words)
    complaint.clear()
    complaint.say("away")

    assert said == ["away", "full", "away", "away"]
