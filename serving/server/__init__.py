"""Embedded model server: TensorFlow Serving's protocol in Python.

For development, tests and infra validation without `tensorflow_model_server`. A request
passes through these modules in this order:

    grpc_server / rest            transport
    services                      Predict and GetModelMetadata; metrics, request log
    model_registry                lookup of the loaded version for a ModelSpec
    batching                      batches of requests, if `serving.batching` is set
    session                       SavedModel in a session of TensorFlow

`version_loader` loads and unloads the versions of a model as they are released.
"""
