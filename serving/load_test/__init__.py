"""Load generator for a model server, in processes of its own."""

from serving.load_test.loops import Answers, Load
from serving.load_test.senders import Senders

__all__ = ["Answers", "Load", "Senders"]
