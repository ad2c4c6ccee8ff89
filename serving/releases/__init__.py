"""The store of releases: the versions of a model, as TensorFlow Serving finds them.

TensorFlow Serving polls a directory whose subdirectories are named by version number
and serves the highest one. Nothing here imports TensorFlow or TFX unless the directory
is in an object store: a rollback takes less time than such an import.
"""
