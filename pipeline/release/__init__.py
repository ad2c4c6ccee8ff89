"""What a person decides about releases, and what `ctr release` does about it.

It needs ML Metadata and the directory of the model's versions, and no file of a run but
the model, so it works wherever the pipeline ran.
"""
