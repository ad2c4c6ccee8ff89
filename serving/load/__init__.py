"""Load on a model server, sent by processes of its own, and what came of it."""

from serving.load.answers import Answers
from serving.load.loops import Load
from serving.load.senders import Senders

__all__ = ["Answers", "Load", "Senders"]
