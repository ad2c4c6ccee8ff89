"""Load on a model server, sent by processes of its own, and what came of it."""

from serving.load_test.answers import Answers
from serving.load_test.loops import Load
from serving.load_test.senders import Senders

__all__ = ["Answers", "Load", "Senders"]
