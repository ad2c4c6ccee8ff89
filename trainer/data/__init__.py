"""Input pipeline: from transformed examples to batches."""
