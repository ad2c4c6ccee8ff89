"""A person's review of candidates: decisions, roll backs, labels and the listing.

It needs ML Metadata and the directory of the model's versions, and no file of a run but
the model, so it works wherever the pipeline ran.
"""
