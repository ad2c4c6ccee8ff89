"""Load on a model server, sent by other processes, and the latencies it measures."""

from serving.load_test.answers import Answers
from serving.load_test.loops import Load
from serving.load_test.senders import Senders

__all__ = ["Answers", "Load", "Senders"]
