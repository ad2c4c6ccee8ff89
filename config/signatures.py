"""Names in an exported model: its signatures, their inputs and outputs, its files."""

import os

# Takes serialised tf.Examples.
SERVING_DEFAULT = "serving_default"
# Takes a tensor for each raw feature.
PREDICT = "predict"
# From serialised tf.Examples to the transformed columns.
TRANSFORM_FEATURES = "transform_features"

# From the inputs of `predict` to the attention weights of the items of each sequence,
# where a model has attention.
ATTENTION = "attention"

EXAMPLES = "examples"
PROBABILITY = "probability"

# Requests that a server replays before it serves a version: a TFRecord file of
# PredictionLog in the directory of the SavedModel.
WARM_UP_FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
