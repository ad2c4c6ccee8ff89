"""Input pipeline: from examples to batches of a model's inputs."""
