"""Store of releases: the version directories that TensorFlow Serving polls.

TensorFlow Serving serves the subdirectory with the highest number. TensorFlow and TFX
are imported for object stores only, since the import takes longer than a rollback.
"""
