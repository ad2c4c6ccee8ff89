"""Names in an exported model: its signatures, and what they take and give."""

# Takes serialised tf.Examples.
SERVING_DEFAULT = "serving_default"
# Takes a tensor for each raw feature.
PREDICT = "predict"
# From serialised tf.Examples to the transformed columns.
TRANSFORM_FEATURES = "transform_features"

EXAMPLES = "examples"
PROBABILITY = "probability"
