"""A first configuration, inferred from a sample of the user's own data.

It imports nothing of ours but `pipeline.config` and `pipeline.errors`, and TensorFlow
only where there are TFRecords to read.
"""

from pipeline.infer.draft import infer_config

__all__ = ["infer_config"]
