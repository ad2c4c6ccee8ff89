"""The embedded model server: TensorFlow Serving's protocol in Python.

For development, tests and infra validation, where `tensorflow_model_server` is not
installed. A request passes through these modules, in this order:

    grpc_server / rest            the transport
    prediction_service            Predict and GetModelMetadata; metrics, request log
    model_registry                finds the loaded version that a ModelSpec names
    batching                      joins requests, if `serving.batching` is set
    session                       a SavedModel in a session of TensorFlow

`version_loader` loads and unloads the versions of a model as they are released.
"""
