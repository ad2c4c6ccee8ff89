"""The embedded model server: speaks TensorFlow Serving's protocol in pure Python.

For development, tests and infra validation, where `tensorflow_model_server` is not
installed: what works against the one works against the other. `main.py` starts it,
`server.py` puts it together.
"""
