"""The requests that a model brings along, for a server to replay before it serves."""

from __future__ import annotations

import os

# Where TensorFlow Serving looks for them, in the directory of a version.
WARM_UP_FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
