"""A first configuration, inferred from a sample of the user's own data.

It imports TensorFlow only where there are TFRecords to read.
"""

from ctr.infer.draft import infer_config
from ctr.infer.sample import check_files

__all__ = ["check_files", "infer_config"]
