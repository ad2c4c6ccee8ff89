"""Load generator for a model server, in processes of its own."""

from serving.load_test.senders import Answers, Load, Senders

__all__ = ["Answers", "Load", "Senders"]
